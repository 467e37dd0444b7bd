package io.flinkgpt2.cli.batch;

import io.flinkgpt2.digest.Digests;
import java.io.IOException;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.Path;

/** A digest that tells whether a file has changed, without reading all of it. */
final class FileStamp {
    private static final int PART = 1 << 16;

    private FileStamp() {}

    /** Returns a hexadecimal digest of the first and the last {@value #PART} bytes, and the length. */
    static String of(String path, long length) throws IOException {
        Path file = new Path(path);
        MessageDigest digest = Digests.sha256();
        try (FSDataInputStream in = file.getFileSystem().open(file)) {
            digest.update(in.readNBytes(PART));
            if (length > PART) {
                in.seek(Math.max(PART, length - PART));
                digest.update(in.readNBytes(PART));
            }
        }
        digest.update(Long.toString(length).getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        return HexFormat.of().formatHex(digest.digest(), 0, 16);
    }
}
