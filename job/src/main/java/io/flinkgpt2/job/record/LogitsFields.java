package io.flinkgpt2.job.record;

import io.flinkgpt2.job.record.FieldType.Range;
import java.util.List;

/** The fields that change logits before a token is drawn. */
final class LogitsFields {
    /** More words than any list of them has, so that a request cannot make every step slow. */
    private static final int MOST_BAD_WORDS = 4096;

    private static final FieldType BIAS = new FieldType(
            "object from token ids, as decimal strings, to numbers, -100..100",
            "{\"type\":\"object\",\"propertyNames\":{\"pattern\":\"^(0|[1-9][0-9]*)$\"},"
                    + "\"additionalProperties\":{\"type\":[\"number\",\"null\"],\"minimum\":-100,\"maximum\":100}}");
    private static final FieldType WORDS = new FieldType(
            "array of strings that are not empty, at most " + MOST_BAD_WORDS,
            "{\"type\":\"array\",\"items\":{\"type\":\"string\",\"minLength\":1},\"maxItems\":" + MOST_BAD_WORDS + "}");

    private LogitsFields() {}

    static List<RequestField> rows() {
        return List.of(
                RequestField.number(
                                "presence_penalty",
                                Range.between(-2, 2),
                                "0",
                                "subtracted from the logit of a token that was generated",
                                (draft, value) -> draft.parameters.setPresencePenalty(value))
                        .withOption(Double.class, "P", "Subtracted from tokens that were generated (default: 0)."),
                RequestField.number(
                                "frequency_penalty",
                                Range.between(-2, 2),
                                "0",
                                "subtracted from the logit of a token for each time that it was generated",
                                (draft, value) -> draft.parameters.setFrequencyPenalty(value))
                        .withOption(
                                Double.class,
                                "P",
                                "Subtracted from tokens for each time that they were generated (default: 0)."),
                RequestField.number(
                                "repetition_penalty",
                                Range.above(0),
                                "1",
                                "divisor of positive logits, and factor of negative ones, of tokens in prompt and completion",
                                (draft, value) -> draft.parameters.setRepetitionPenalty(value))
                        .withOption(
                                Double.class,
                                "P",
                                "Makes tokens of prompt and completion less likely, if above 1 (default: 1)."),
                RequestField.integer(
                        "no_repeat_ngram_size",
                        0,
                        Integer.MAX_VALUE,
                        "0",
                        "length of the sequences of tokens that may stand but once in prompt and completion; 0: off",
                        (draft, value) -> draft.parameters.setNoRepeatNgramSize(value.intValue())),
                RequestField.of("logit_bias", BIAS, "{}", "added to the logits of tokens", LogitBiasReader::read),
                RequestField.of(
                        "bad_words",
                        WORDS,
                        "[]",
                        "texts that are not generated, with a space before them or without",
                        (context, draft) -> draft.parameters.setBadWords(JsonFields.requireText(
                                "bad_words", context.json().strings("bad_words", MOST_BAD_WORDS)))),
                RequestField.tokenIds(
                        "allowed_token_ids",
                        1,
                        Integer.MAX_VALUE,
                        "",
                        "the only tokens that may be generated",
                        (draft, value) -> draft.parameters.setAllowedTokenIds(value)));
    }
}
