package io.flinkgpt2.job.record;

import static io.flinkgpt2.job.record.Neutral.emptyList;
import static io.flinkgpt2.job.record.Neutral.flag;
import static io.flinkgpt2.job.record.Neutral.integer;
import static io.flinkgpt2.job.record.Neutral.nothing;
import static io.flinkgpt2.job.record.Neutral.object;
import static io.flinkgpt2.job.record.Neutral.words;

import java.util.List;
import java.util.Map;

/**
 * The fields of the format that are not supported. One that changes nothing is taken, since clients write defaults out; any
 * other value is refused.
 */
final class UnsupportedFields {
    private static final String NO_STREAM = "not supported: an answer is one record, never a stream";
    private static final String NO_CONSTRAINT =
            "not supported: use structured_outputs with choice, regex, json or json_object";

    /** Returns the rows of the table of fields that are not supported, in the order of the format. */
    static List<RequestField> rows() {
        return List.of(
                RequestField.unsupported("guided_grammar", nothing(), NO_CONSTRAINT),
                RequestField.unsupported("guided_whitespace_pattern", nothing(), NO_CONSTRAINT),
                RequestField.unsupported("guided_decoding_backend", nothing(), NO_CONSTRAINT),
                RequestField.unsupported(
                        "suffix", words(""), "not supported: GPT-2 continues a text, it does not fill gaps"),
                RequestField.unsupported("stream", flag(false), NO_STREAM),
                RequestField.unsupported(
                        "stream_options",
                        object(Map.of(
                                "include_usage", flag(false),
                                "continuous_usage_stats", flag(false),
                                "include_obfuscation", flag(false))),
                        NO_STREAM),
                RequestField.unsupported("stream_interval", integer(1), NO_STREAM),
                RequestField.unsupported(
                        "add_special_tokens", flag(true), "not supported: a prompt gets what its model asks for"),
                RequestField.unsupported(
                        "spaces_between_special_tokens",
                        flag(true),
                        "not supported: a text has no spaces that no token stands for"),
                RequestField.unsupported("store", flag(false), "not supported: answers are kept in their topic only"),
                RequestField.unsupported(
                        "service_tier", words("auto", "default"), "not supported: all requests are served alike"),
                RequestField.unsupported("watermarking", flag(false), "not supported: answers bear no watermark"),
                RequestField.unsupported("return_token_offsets", flag(false), "not supported"),
                RequestField.unsupported("vllm_xargs", object(Map.of()), "not supported: it is for vLLM's plug-ins"),
                RequestField.unsupported(
                        "kv_transfer_params", object(Map.of()), "not supported: KV caches stay where they are"),
                RequestField.unsupported("prompt_embeds", emptyList(), "not supported: a prompt is text or token ids"),
                RequestField.unsupported(
                        "thinking_token_budget", nothing(), "not supported: GPT-2 does not think before it answers"));
    }

    private UnsupportedFields() {}
}
