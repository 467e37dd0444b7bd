package io.flinkgpt2.job.record;

import io.flinkgpt2.job.record.FieldType.Range;
import java.util.List;

/** The number of tokens, and how each is drawn. */
final class SamplingFields {

    private SamplingFields() {}

    static List<RequestField> rows() {
        return List.of(
                RequestField.integer(
                                "max_tokens",
                                0,
                                Integer.MAX_VALUE,
                                "16",
                                "maximum number of tokens to generate; 0 with `echo` or `prompt_logprobs` scores the prompt",
                                (draft, value) -> draft.maxTokens = value.intValue())
                        .withOption(Integer.class, "N", "The most tokens to generate (default: 16)."),
                RequestField.integer(
                                "min_tokens",
                                0,
                                Integer.MAX_VALUE,
                                "0",
                                "number of tokens before which neither end of text nor a stop ends the generation; at most"
                                        + " `max_tokens`",
                                (draft, value) -> draft.minTokens = value.intValue())
                        .withOption(Integer.class, "N", "The fewest tokens to generate (default: 0)."),
                RequestField.number(
                                "temperature",
                                Range.atLeast(0),
                                "1",
                                "divisor of the logits; 0 always takes the best token",
                                (draft, value) -> draft.parameters.setTemperature(value))
                        .withOption(Double.class, "T", "0 always takes the best token (default: 1)."),
                RequestField.number(
                                "top_p",
                                Range.share(),
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
                RequestField.number(
                                "min_p",
                                Range.between(0, 1),
                                "0",
                                "only tokens take part whose probability is at least this share of the best one's",
                                (draft, value) -> draft.parameters.setMinP(value))
                        .withOption(
                                Double.class,
                                "P",
                                "Draw from tokens with at least this share of the best one's probability (default: 0)."),
                RequestField.number(
                        "typical_p",
                        Range.share(),
                        "1",
                        "only the tokens take part whose information is closest to the entropy and that together reach this"
                                + " probability",
                        (draft, value) -> draft.parameters.setTypicalP(value)),
                RequestField.integer(
                                "seed",
                                Long.MIN_VALUE,
                                Long.MAX_VALUE,
                                "a function of `custom_id`",
                                "seed of the random stream",
                                (draft, value) -> draft.seed = value)
                        .withOption(Long.class, "S", "Seed of the random numbers (default: from the request's id)."));
    }
}
