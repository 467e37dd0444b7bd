package io.flinkgpt2.job.record;

import io.flinkgpt2.generation.PromptTruncation;
import io.flinkgpt2.sampling.GenerationParameters;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The prompts of a request, and the fields that say how they are read and cut. */
final class PromptFields {
    private static final String TOKENS = "truncate_prompt_tokens";
    private static final FieldType PROMPT = new FieldType(
            "string, array of token ids, or array of strings or of such arrays, at most "
                    + GenerationParameters.MAX_CHOICES,
            "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"array\",\"items\":{\"type\":\"integer\",\"minimum\":0}},"
                    + "{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"maxItems\":"
                    + GenerationParameters.MAX_CHOICES + "},"
                    + "{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":{\"type\":\"integer\",\"minimum\":0}},"
                    + "\"maxItems\":" + GenerationParameters.MAX_CHOICES + "}]}");
    private static final FieldType LENGTH = new FieldType(
            "-1, or integer, 1.." + Integer.MAX_VALUE,
            "{\"type\":\"integer\",\"minimum\":-1,\"maximum\":" + Integer.MAX_VALUE + ",\"not\":{\"const\":0}}");

    private PromptFields() {}

    static List<RequestField> rows() {
        return List.of(
                RequestField.of(
                        "prompt",
                        PROMPT,
                        "",
                        "the prompt, or several, of which each has its own choices; required. An empty one begins from end of"
                                + " text",
                        (context, draft) -> new PromptReader(context, draft).read()),
                RequestField.words(
                                "truncate_prompt",
                                Arrays.stream(PromptTruncation.values())
                                        .map(PromptTruncation::wireName)
                                        .toList(),
                                "the job's `generation.truncate-prompt`",
                                "a prompt that does not fit is refused, or its left or right end is cut off",
                                (draft, value) -> draft.truncation = truncation(value))
                        .withOption(
                                PromptTruncation.class,
                                "SIDE",
                                "The end of a prompt that does not fit that is cut off, left or right, so that --max-tokens"
                                        + " find room; error refuses it (default: error)."),
                RequestField.of(
                        TOKENS,
                        LENGTH,
                        "",
                        "number of tokens that a longer prompt is cut to; -1: as many as fit",
                        (context, draft) -> draft.truncateTokens = length(context.json())),
                RequestField.words(
                        "truncation_side",
                        List.of("left", "right"),
                        "\"left\"",
                        "the end of the prompt that `truncate_prompt_tokens` cuts off",
                        (draft, value) -> draft.truncationSide = truncation(value)),
                RequestField.flag(
                                "allow_special_tokens",
                                "the job's `generation.allow-special-tokens`",
                                "text that spells a special token is that token",
                                (draft, value) -> draft.allowSpecialTokens = value)
                        .withOption(
                                Boolean.class,
                                null,
                                "Text in a prompt that spells a special token, such as <|endoftext|>, is that token."));
    }

    private static PromptTruncation truncation(String wireName) {
        return PromptTruncation.valueOf(wireName.toUpperCase(Locale.ROOT));
    }

    private static int length(JsonFields json) throws IOException, InvalidRequestException {
        int length = (int) json.integer(TOKENS, -1, Integer.MAX_VALUE);
        if (length == 0) {
            throw InvalidRequestException.invalidValue(
                    TOKENS, "0", "-1 (as many as fit) or the number of tokens to keep, 1 or more");
        }
        return length;
    }
}
