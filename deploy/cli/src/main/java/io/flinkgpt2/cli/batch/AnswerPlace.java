package io.flinkgpt2.cli.batch;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;

/**
 * The part of an answer or dead letter that says what it belongs to.
 *
 * @param file name of the input file
 * @param root which input the file belongs to
 * @param offset place in the file
 * @param hasError whether it says why there is no answer
 * @param completionTokens generated tokens, 0 where it has no usage
 */
record AnswerPlace(String file, int root, long offset, boolean hasError, int completionTokens) {

    private static final JsonFactory PARSERS = new JsonFactory();

    /**
     * Reads one line, bare or in an envelope.
     *
     * @throws IOException if it is not the JSON of an answer or dead letter
     */
    static AnswerPlace read(byte[] bytes, int start, int length) throws IOException {
        Builder builder = new Builder();
        try (JsonParser json = PARSERS.createParser(bytes, start, length)) {
            json.nextToken();
            builder.readObject(json);
        }
        if (builder.file == null) {
            throw new IOException("found a line without a source, expected an answer or dead letter");
        }
        return new AnswerPlace(builder.file, builder.root, builder.offset, builder.hasError, builder.completionTokens);
    }

    private static final class Builder {
        private String file;
        private int root;
        private long offset;
        private boolean hasError;
        private int completionTokens;

        void readObject(JsonParser json) throws IOException {
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String name = json.currentName();
                JsonToken value = json.nextToken();
                switch (name) {
                    case "source" -> readSource(json);
                    case "usage" -> readUsage(json);
                    case "response", "body" -> {
                        // Of the envelope; an answer has no such fields.
                        if (value == JsonToken.START_OBJECT) {
                            readObject(json);
                        }
                    }
                    case "error" -> {
                        hasError |= value != JsonToken.VALUE_NULL;
                        json.skipChildren();
                    }
                    default -> json.skipChildren();
                }
            }
        }

        private void readSource(JsonParser json) throws IOException {
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String name = json.currentName();
                json.nextToken();
                switch (name) {
                    case "topic" -> file = json.getText();
                    case "partition" -> root = json.getIntValue();
                    case "offset" -> offset = json.getLongValue();
                    default -> json.skipChildren();
                }
            }
        }

        private void readUsage(JsonParser json) throws IOException {
            if (json.currentToken() != JsonToken.START_OBJECT) {
                return;
            }
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String name = json.currentName();
                json.nextToken();
                if (name.equals("completion_tokens")) {
                    completionTokens = json.getIntValue();
                } else {
                    json.skipChildren();
                }
            }
        }
    }
}
