package io.flinkgpt2.job.files;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** Requests made of plain text, byte by byte: what is not UTF-8 stays so, for the parser of requests to refuse by its name. */
final class JsonText {
    private static final byte[] HEAD = "{\"prompt\":\"".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] TAIL = "\"}".getBytes(StandardCharsets.US_ASCII);

    private JsonText() {}

    /** Returns the request whose prompt is a text in UTF-8. */
    static byte[] requestOf(byte[] text) {
        ByteArrayOutputStream json =
                new ByteArrayOutputStream(HEAD.length + text.length + text.length / 8 + TAIL.length);
        json.writeBytes(HEAD);
        for (byte b : text) {
            if (b == '"' || b == '\\') {
                json.write('\\');
                json.write(b);
            } else if (b >= 0 && b < ' ') {
                json.writeBytes(("\\u" + HexFormat.of().toHexDigits((short) b)).getBytes(StandardCharsets.US_ASCII));
            } else {
                json.write(b);
            }
        }
        json.writeBytes(TAIL);
        return json.toByteArray();
    }
}
