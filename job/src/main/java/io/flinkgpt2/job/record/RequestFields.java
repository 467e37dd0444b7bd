package io.flinkgpt2.job.record;

import io.flinkgpt2.generation.PromptTruncation;
import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The table of the fields of a request, in the order of the format: supported ones, then those that are only known. */
public final class RequestFields {
    private static final List<RequestField> SUPPORTED = List.of(
            RequestField.of(
                    "custom_id",
                    "string, 1.." + RequestParser.LONGEST_CUSTOM_ID + " characters",
                    "`request_id`, else the Kafka key, else topic-partition-offset",
                    "the request's identity, echoed in its answer",
                    (context, draft) -> draft.customId = id("custom_id", context.json())),
            RequestField.of(
                    "request_id",
                    "string, 1.." + RequestParser.LONGEST_CUSTOM_ID + " characters",
                    "",
                    "the identity where there is no `custom_id`",
                    (context, draft) -> draft.requestId = id("request_id", context.json())),
            RequestField.of(
                    "model",
                    "string",
                    "the job's",
                    "must be the name of the job's model or one of its aliases",
                    (context, draft) -> draft.model = context.json().string("model")),
            RequestField.of(
                    "prompt",
                    "string, or an array of token ids, or an array that holds one of these",
                    "",
                    "the prompt; required. An empty one begins from end of text",
                    (context, draft) -> new PromptReader(context, draft).read()),
            RequestField.integer(
                            "max_tokens",
                            0,
                            Integer.MAX_VALUE,
                            "16",
                            "maximum number of tokens to generate",
                            (draft, value) -> draft.parameters.setMaxTokens(value.intValue()))
                    .withOption(Integer.class, "N", "The most tokens to generate (default: 16)."),
            RequestField.number(
                            "temperature",
                            value -> value >= 0,
                            "number of 0 or more",
                            "1",
                            "what logits are divided by; 0 always takes the best token",
                            (draft, value) -> draft.parameters.setTemperature(value))
                    .withOption(Double.class, "T", "0 always takes the best token (default: 1)."),
            RequestField.number(
                            "top_p",
                            value -> value > 0 && value <= 1,
                            "number above 0 and at most 1",
                            "1",
                            "only the best tokens that together reach this probability take part",
                            (draft, value) -> draft.parameters.setTopP(value))
                    .withOption(Double.class, "P", "Draw from the best tokens with this share (default: 1)."),
            RequestField.integer(
                            "top_k",
                            -1, // vLLM's off
                            Integer.MAX_VALUE,
                            "0",
                            "only the best `top_k` tokens take part; 0 and -1: all",
                            (draft, value) -> draft.parameters.setTopK((int) Math.max(0, value)))
                    .withOption(Integer.class, "K", "Draw from the best K tokens only (default: 0, all)."),
            RequestField.integer(
                            "seed",
                            Long.MIN_VALUE,
                            Long.MAX_VALUE,
                            "a function of `custom_id`",
                            "seed of the random stream",
                            (draft, value) -> draft.parameters.setSeed(value))
                    .withOption(Long.class, "S", "Of the random numbers (default: from the request's id)."),
            RequestField.of(
                            "truncate_prompt",
                            "\"error\", \"left\" or \"right\"",
                            "the job's `generation.truncate-prompt`",
                            "a prompt that does not fit is refused, or its left or right end is cut off",
                            (context, draft) -> draft.truncation = truncation(context.json()))
                    .withOption(
                            PromptTruncation.class,
                            "SIDE",
                            "What becomes of a prompt that does not fit: error, or its left or right end is cut off so that"
                                    + " --max-tokens find room (default: error)."),
            RequestField.of(
                            "allow_special_tokens",
                            "boolean",
                            "the job's `generation.allow-special-tokens`",
                            "text that spells a special token is that token",
                            (context, draft) ->
                                    draft.allowSpecialTokens = context.json().flag("allow_special_tokens"))
                    .withOption(
                            Boolean.class,
                            null,
                            "What spells a special token in a prompt, such as <|endoftext|>, is that token, not its text."),
            RequestField.of(
                    "user",
                    "string",
                    "",
                    "copied to the answer",
                    (context, draft) ->
                            draft.user = RecordJson.quote(context.json().string("user"))),
            RequestField.of(
                    "metadata",
                    "object",
                    "{}",
                    "copied to the answer, order and digits kept",
                    (context, draft) -> draft.metadata = context.json().objectText("metadata")));

    private static final Map<String, RequestField> ALL = table();

    private RequestFields() {}

    private static Map<String, RequestField> table() {
        Map<String, RequestField> byName = new LinkedHashMap<>();
        Stream.concat(SUPPORTED.stream(), UnsupportedFields.rows().stream()).forEach(field -> {
            if (byName.put(field.name(), field) != null) {
                throw new IllegalStateException("the field " + field.name() + " has two rows, expected one");
            }
        });
        return Collections.unmodifiableMap(byName);
    }

    /** Returns the supported fields, in the order of the format. */
    public static List<RequestField> supported() {
        return SUPPORTED;
    }

    /** Returns all known fields by name, the supported ones first. */
    public static Map<String, RequestField> all() {
        return ALL;
    }

    /** Reads an id, which stands at the parser. */
    static String id(String field, JsonFields json) throws IOException, InvalidRequestException {
        String id = json.string(field);
        int length = id.codePointCount(0, id.length());
        if (length < 1 || length > RequestParser.LONGEST_CUSTOM_ID) {
            throw InvalidRequestException.invalidValue(
                    field,
                    length + " characters",
                    "1.." + RequestParser.LONGEST_CUSTOM_ID + "; leave the field out to use the Kafka key");
        }
        return id;
    }

    private static PromptTruncation truncation(JsonFields json) throws IOException, InvalidRequestException {
        String field = "truncate_prompt";
        String found = json.string(field);
        for (PromptTruncation truncation : PromptTruncation.values()) {
            if (truncation.wireName().equals(found)) {
                return truncation;
            }
        }
        throw InvalidRequestException.invalidValue(field, WireText.quoted(found), "'error', 'left' or 'right'");
    }
}
