package io.flinkgpt2.job.record;

import com.fasterxml.jackson.core.JsonToken;
import io.flinkgpt2.sampling.StopParameters;
import java.io.IOException;
import java.util.List;

/** The fields that say what ends a completion, beside its length. */
final class StopFields {
    private static final FieldType STOP = new FieldType(
            "string, or array of strings, at most " + StopParameters.MAX_STRINGS + ", none empty",
            "{\"anyOf\":[{\"type\":\"string\",\"minLength\":1},{\"type\":\"array\",\"items\":{\"type\":\"string\","
                    + "\"minLength\":1},\"maxItems\":" + StopParameters.MAX_STRINGS + "}]}");
    private static final FieldType REPETITION = new FieldType(
            "object of integers `max_pattern_size` (0: off), `min_pattern_size` (default 1, at most `max_pattern_size`),"
                    + " `min_count` (default 2, 2 or more)",
            "{\"type\":\"object\",\"properties\":{"
                    + "\"max_pattern_size\":{\"type\":[\"integer\",\"null\"],\"minimum\":0,\"maximum\":2147483647,\"default\":0},"
                    + "\"min_pattern_size\":{\"type\":[\"integer\",\"null\"],\"minimum\":0,\"maximum\":2147483647,\"default\":1},"
                    + "\"min_count\":{\"type\":[\"integer\",\"null\"],\"minimum\":0,\"maximum\":2147483647,\"default\":2}},"
                    + "\"additionalProperties\":{\"type\":\"null\"}}");

    private StopFields() {}

    static List<RequestField> rows() {
        return List.of(
                RequestField.of(
                                "stop",
                                STOP,
                                "[]",
                                "texts that end the completion, which is cut right before the first; at one place the longest"
                                        + " counts",
                                (context, draft) -> draft.parameters.setStopStrings(stop(context.json())))
                        .withOption(String.class, "TEXT", "A text that ends the completion."),
                RequestField.tokenIds(
                        "stop_token_ids",
                        0,
                        Integer.MAX_VALUE,
                        "[]",
                        "token ids that end the completion",
                        (draft, value) -> draft.parameters.setStopTokenIds(value)),
                RequestField.flag(
                        "include_stop_str_in_output",
                        "false",
                        "the text or token id that ended the completion is part of it",
                        (draft, value) -> draft.parameters.setIncludeStopInOutput(value)),
                RequestField.flag(
                                "ignore_eos",
                                "false",
                                "end of text is a token like any other",
                                (draft, value) -> draft.parameters.setIgnoreEndOfText(value))
                        .withOption(Boolean.class, null, "Go on after end of text."),
                RequestField.of(
                        "repetition_detection",
                        REPETITION,
                        "off",
                        "the completion ends when a pattern of that many generated tokens stands at its end that often",
                        RepetitionReader::read));
    }

    private static List<String> stop(JsonFields json) throws IOException, InvalidRequestException {
        JsonToken token = json.parser().currentToken();
        if (token != JsonToken.VALUE_STRING && token != JsonToken.START_ARRAY) {
            throw InvalidRequestException.invalidType("stop", json.found(), "a string or an array of strings");
        }
        List<String> strings = token == JsonToken.VALUE_STRING
                ? List.of(json.string("stop"))
                : json.strings("stop", StopParameters.MAX_STRINGS);
        return JsonFields.requireText("stop", strings);
    }
}
