package io.flinkgpt2.job.files;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The fields of an answer that tables and texts have.
 *
 * @param customId of the record
 * @param metadata its JSON as it stands in the answer
 * @param choices in their order
 */
public record AnswerFields(String customId, String metadata, List<Choice> choices) {

    // The metadata of a request may be as long and as deep as its parser allows; an envelope adds to the depth.
    private static final JsonFactory PARSERS = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNumberLength(Integer.MAX_VALUE)
                    .maxNestingDepth(Integer.MAX_VALUE)
                    .build())
            .build();

    /** A choice of an answer. */
    public record Choice(int index, String text, String finishReason) {}

    /** Returns the fields of an answer, in an envelope or bare, as JSON in UTF-8. */
    public static AnswerFields read(byte[] answer) throws IOException {
        try (JsonParser parser = PARSERS.createParser(answer)) {
            parser.nextToken();
            return readRecord(parser, answer);
        }
    }

    private static AnswerFields readRecord(JsonParser parser, byte[] answer) throws IOException {
        String customId = null;
        String metadata = "{}";
        List<Choice> choices = List.of();
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
            JsonToken value = parser.nextToken();
            if (name.equals("response") || name.equals("body")) {
                return readRecord(parser, answer); // all of the envelope that counts
            }
            switch (name) {
                case "custom_id" -> customId = parser.getValueAsString();
                case "metadata" -> metadata = raw(parser, answer);
                case "choices" -> choices = readChoices(parser, value);
                default -> parser.skipChildren();
            }
        }
        return new AnswerFields(customId, metadata, choices);
    }

    private static List<Choice> readChoices(JsonParser parser, JsonToken value) throws IOException {
        List<Choice> choices = new ArrayList<>();
        if (value == JsonToken.START_ARRAY) {
            while (parser.nextToken() == JsonToken.START_OBJECT) {
                choices.add(readChoice(parser));
            }
        }
        return choices;
    }

    private static Choice readChoice(JsonParser parser) throws IOException {
        int index = 0;
        String text = "";
        String finishReason = null;
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
            parser.nextToken();
            switch (name) {
                case "index" -> index = parser.getIntValue();
                case "text" -> text = parser.getValueAsString("");
                case "finish_reason" -> finishReason = parser.getValueAsString();
                default -> parser.skipChildren();
            }
        }
        return new Choice(index, text, finishReason);
    }

    private static String raw(JsonParser parser, byte[] answer) throws IOException {
        int start = (int) parser.currentTokenLocation().getByteOffset();
        parser.skipChildren();
        parser.finishToken();
        int end = (int) parser.currentLocation().getByteOffset();
        return new String(answer, start, end - start, StandardCharsets.UTF_8);
    }
}
