package io.flinkgpt2.job.files;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;

/** Makes requests of rows. */
public final class TableRecords {
    // Else a character past U+FFFF takes twelve bytes, as two escapes, instead of four.
    private static final ObjectMapper MAPPER = new ObjectMapper(JsonFactory.builder()
            .enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8)
            .build());

    private TableRecords() {}

    /**
     * Returns the request that a row makes, in UTF-8: the prompt, and as {@code metadata} the other columns, if there are any.
     *
     * @param columns of the row, by their names
     */
    public static byte[] request(ObjectNode columns, String promptColumn) {
        return bytes(json -> {
            json.writeStartObject();
            json.writeFieldName("prompt");
            MAPPER.writeTree(json, columns.get(promptColumn));
            if (columns.size() > 1) {
                json.writeObjectFieldStart("metadata");
                for (Map.Entry<String, JsonNode> column : columns.properties()) {
                    if (!column.getKey().equals(promptColumn)) {
                        json.writeFieldName(column.getKey());
                        MAPPER.writeTree(json, column.getValue());
                    }
                }
                json.writeEndObject();
            }
            json.writeEndObject();
        });
    }

    /** Returns a value's JSON in UTF-8. */
    public static byte[] json(JsonNode value) {
        return bytes(json -> MAPPER.writeTree(json, value));
    }

    private static byte[] bytes(Output output) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
        try (JsonGenerator json = MAPPER.createGenerator(bytes)) {
            output.writeTo(json);
        } catch (IOException e) {
            throw new UncheckedIOException("an array of bytes refused to be written to", e);
        }
        return bytes.toByteArray();
    }

    @FunctionalInterface
    private interface Output {
        void writeTo(JsonGenerator json) throws IOException;
    }
}
