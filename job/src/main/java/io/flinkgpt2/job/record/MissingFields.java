package io.flinkgpt2.job.record;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Writes values into requests that lack them: into the body where there is an envelope. All else of a request but a byte order
 * mark stays byte by byte as it was, so that it is judged, and its metadata copied, as it came.
 */
final class MissingFields {

    private static final JsonFactory PARSERS = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();
    private static final String BODY = "body";
    private static final String NULL = "null";

    /** JSON values by field name. */
    private final SortedMap<String, String> defaults;

    /** @param defaults JSON values by the names of the fields */
    MissingFields(Map<String, String> defaults) {
        this.defaults = new TreeMap<>(defaults);
    }

    /**
     * Returns the request with its defaults; one that is not a JSON object in UTF-8 comes back as it is, for the parser to
     * refuse.
     */
    byte[] fill(byte[] request) {
        if (defaults.isEmpty()) {
            return request;
        }
        int start = JsonBytes.textStart(request);
        try {
            String json = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(request, start, request.length - start))
                    .toString();
            int bodyStart = bodyStart(json);
            return bodyStart < 0 ? request : fill(json, bodyStart).getBytes(StandardCharsets.UTF_8);
        } catch (IOException e) {
            return request;
        }
    }

    /** Returns where the object begins that the fields belong to; -1 where there is none. Goes through all of the text. */
    private static int bodyStart(String json) throws IOException {
        try (JsonParser parser = PARSERS.createParser(json)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return -1;
            }
            int start = offset(parser);
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                boolean body = parser.currentName().equals(BODY);
                JsonToken value = parser.nextToken();
                if (body && value != JsonToken.VALUE_NULL) {
                    start = value == JsonToken.START_OBJECT ? offset(parser) : -1;
                }
                parser.skipChildren();
            }
            return parser.nextToken() == null ? start : -1;
        }
    }

    private String fill(String json, int bodyStart) throws IOException {
        StringBuilder filled = new StringBuilder(json);
        SortedMap<String, String> lacking = new TreeMap<>(defaults);
        boolean empty = true;
        try (JsonParser parser = PARSERS.createParser(json.substring(bodyStart))) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                empty = false;
                String value = lacking.remove(parser.currentName());
                if (parser.nextToken() == JsonToken.VALUE_NULL && value != null) {
                    int start = bodyStart + offset(parser) + filled.length() - json.length();
                    filled.replace(start, start + NULL.length(), value);
                }
                parser.skipChildren();
            }
        }
        StringBuilder fields = new StringBuilder();
        lacking.forEach((name, value) -> fields.append(fields.isEmpty() ? "" : ",")
                .append('"')
                .append(name)
                .append("\":")
                .append(value));
        if (!empty && !fields.isEmpty()) {
            fields.append(',');
        }
        return filled.insert(bodyStart + 1, fields).toString();
    }

    /** Returns the offset of the token's first character. */
    private static int offset(JsonParser parser) {
        return Math.toIntExact(parser.currentTokenLocation().getCharOffset());
    }
}
