package io.flinkgpt2.job.record;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.Map;

/**
 * The fields of the format that are not supported yet. One that says what holds without it is accepted, since clients write
 * defaults out; any other value is refused.
 */
final class UnsupportedFields {
    /** Field to its default as JSON; a number with a point stands for any way to write it, one without for an integer. */
    private static final Map<String, String> DEFAULTS = Map.ofEntries(
            Map.entry("min_tokens", "0"),
            Map.entry("min_p", "0.0"),
            Map.entry("typical_p", "1.0"),
            Map.entry("presence_penalty", "0.0"),
            Map.entry("frequency_penalty", "0.0"),
            Map.entry("repetition_penalty", "1.0"),
            Map.entry("no_repeat_ngram_size", "0"),
            Map.entry("logit_bias", "{}"),
            Map.entry("bad_words", "[]"),
            Map.entry("allowed_token_ids", "[]"),
            Map.entry("stop", "[]"),
            Map.entry("stop_token_ids", "[]"),
            Map.entry("include_stop_str_in_output", "false"),
            Map.entry("ignore_eos", "false"),
            Map.entry("n", "1"),
            Map.entry("best_of", "1"),
            Map.entry("use_beam_search", "false"),
            Map.entry("length_penalty", "1.0"),
            Map.entry("echo", "false"),
            Map.entry("logprobs", "null"),
            Map.entry("prompt_logprobs", "null"),
            Map.entry("return_token_ids", "false"),
            Map.entry("priority", "0"),
            Map.entry("timeout_ms", "null"));

    private UnsupportedFields() {}

    static boolean contains(String field) {
        return DEFAULTS.containsKey(field);
    }

    /** Passes over the value of a field of this table, which is not null, if it changes nothing. */
    static void requireDefault(String field, JsonFields json) throws IOException, InvalidRequestException {
        String expected = DEFAULTS.get(field);
        String found = json.found();
        if (!isDefault(json.parser(), expected)) {
            throw new InvalidRequestException(
                    InvalidRequestException.UNSUPPORTED_FIELD,
                    field,
                    field + ": found " + found
                            + ", which is not supported yet; leave the field out, or give its default, " + expected);
        }
    }

    private static boolean isDefault(JsonParser parser, String expected) throws IOException {
        JsonToken token = parser.currentToken();
        return switch (token) {
            case START_ARRAY -> expected.equals("[]") && parser.nextToken() == JsonToken.END_ARRAY;
            case START_OBJECT -> expected.equals("{}") && parser.nextToken() == JsonToken.END_OBJECT;
            case VALUE_STRING -> false; // no default is one
            case VALUE_NUMBER_INT -> isNumber(expected) && sameNumber(parser, expected);
            case VALUE_NUMBER_FLOAT -> isNumber(expected) && expected.contains(".") && sameNumber(parser, expected);
            default -> expected.equals(parser.getText());
        };
    }

    private static boolean isNumber(String json) {
        return Character.isDigit(json.charAt(0));
    }

    private static boolean sameNumber(JsonParser parser, String expected) throws IOException {
        return Double.parseDouble(parser.getText()) == Double.parseDouble(expected);
    }
}
