package io.flinkgpt2.job.record;

import static io.flinkgpt2.job.record.Neutral.anyCount;
import static io.flinkgpt2.job.record.Neutral.anyFlag;
import static io.flinkgpt2.job.record.Neutral.either;
import static io.flinkgpt2.job.record.Neutral.emptyList;
import static io.flinkgpt2.job.record.Neutral.flag;
import static io.flinkgpt2.job.record.Neutral.integer;
import static io.flinkgpt2.job.record.Neutral.listOf;
import static io.flinkgpt2.job.record.Neutral.mapOf;
import static io.flinkgpt2.job.record.Neutral.nothing;
import static io.flinkgpt2.job.record.Neutral.number;
import static io.flinkgpt2.job.record.Neutral.object;
import static io.flinkgpt2.job.record.Neutral.words;

import java.util.List;
import java.util.Map;

/**
 * The fields of the format that are not supported. One that changes nothing is taken, since clients write defaults out; any
 * other value is refused.
 */
final class UnsupportedFields {
    private static final String YET = "not supported yet";
    private static final String NO_BEAMS = "not supported yet: it acts on beams only";
    private static final String NO_STREAM = "not supported: an answer is one record, never a stream";
    private static final String NO_CONSTRAINT = "not supported yet: an answer is free text";

    /** Returns the rows of the table of fields that are not supported, in the order of the format. */
    static List<RequestField> rows() {
        return List.of(
                RequestField.unsupported("min_tokens", integer(0), YET),
                RequestField.unsupported("min_p", number(0), YET),
                RequestField.unsupported("typical_p", number(1), YET),
                RequestField.unsupported("presence_penalty", number(0), YET),
                RequestField.unsupported("frequency_penalty", number(0), YET),
                RequestField.unsupported("repetition_penalty", number(1), YET),
                RequestField.unsupported("no_repeat_ngram_size", integer(0), YET),
                RequestField.unsupported("logit_bias", mapOf(number(0)), YET),
                RequestField.unsupported("bad_words", emptyList(), YET),
                RequestField.unsupported("allowed_token_ids", emptyList(), YET),
                RequestField.unsupported("stop", either(listOf(words("")), words("")), YET),
                RequestField.unsupported("stop_token_ids", emptyList(), YET),
                RequestField.unsupported("include_stop_str_in_output", flag(false), YET),
                RequestField.unsupported("ignore_eos", flag(false), YET),
                RequestField.unsupported(
                        "n", integer(1), "not supported yet: a request has one answer; send it once for each"),
                RequestField.unsupported("best_of", integer(1), "not supported yet: a request has one answer"),
                RequestField.unsupported("use_beam_search", flag(false), YET),
                RequestField.unsupported("length_penalty", number(1), NO_BEAMS),
                RequestField.unsupported("early_stopping", flag(false), NO_BEAMS),
                RequestField.unsupported("echo", flag(false), YET),
                RequestField.unsupported("logprobs", nothing(), YET),
                RequestField.unsupported("prompt_logprobs", nothing(), YET),
                RequestField.unsupported("logprob_token_ids", emptyList(), YET),
                RequestField.unsupported("return_token_ids", flag(false), YET),
                RequestField.unsupported("return_tokens_as_token_ids", flag(false), YET),
                RequestField.unsupported("structured_outputs", noConstraint(), NO_CONSTRAINT),
                RequestField.unsupported("guided_choice", nothing(), NO_CONSTRAINT),
                RequestField.unsupported("guided_regex", nothing(), NO_CONSTRAINT),
                RequestField.unsupported("guided_json", nothing(), NO_CONSTRAINT),
                RequestField.unsupported("guided_json_object", flag(false), NO_CONSTRAINT),
                RequestField.unsupported("guided_grammar", nothing(), NO_CONSTRAINT),
                RequestField.unsupported("guided_whitespace_pattern", nothing(), NO_CONSTRAINT),
                RequestField.unsupported("guided_decoding_backend", nothing(), NO_CONSTRAINT),
                RequestField.unsupported(
                        "response_format",
                        object(
                                "{\"type\": \"text\"}",
                                Map.of("type", words("text"), "json_schema", nothing(), "schema", nothing())),
                        NO_CONSTRAINT),
                RequestField.unsupported(
                        "repetition_detection",
                        object(
                                "{\"max_pattern_size\": 0}",
                                Map.of(
                                        "max_pattern_size", integer(0),
                                        "min_pattern_size", anyCount(),
                                        "min_count", anyCount())),
                        YET),
                RequestField.unsupported(
                        "truncate_prompt_tokens",
                        nothing(),
                        "not supported yet: truncate_prompt 'left' or 'right' cuts a prompt to what fits"),
                RequestField.unsupported(
                        "truncation_side",
                        words("left"),
                        "not supported yet: truncate_prompt says which end is cut off"),
                RequestField.unsupported(
                        "skip_special_tokens", flag(true), "not supported yet: a text never holds special tokens"),
                RequestField.unsupported("priority", integer(0), YET),
                RequestField.unsupported("timeout_ms", nothing(), YET),
                RequestField.unsupported("cache_salt", words(""), YET),
                RequestField.unsupported(
                        "session_id", words(""), "not supported yet: metadata and user are copied to the answer"),
                RequestField.unsupported(
                        "suffix", words(""), "not supported: GPT-2 continues a text, it does not fill gaps"),
                RequestField.unsupported("stream", flag(false), NO_STREAM),
                RequestField.unsupported(
                        "stream_options",
                        object(
                                "{}",
                                Map.of(
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
                        "not supported: a text never holds special tokens"),
                RequestField.unsupported("store", flag(false), "not supported: answers are kept in their topic only"),
                RequestField.unsupported(
                        "service_tier", words("auto", "default"), "not supported: all requests are served alike"),
                RequestField.unsupported("watermarking", flag(false), "not supported: answers bear no watermark"),
                RequestField.unsupported("return_token_offsets", flag(false), "not supported"),
                RequestField.unsupported(
                        "vllm_xargs", object("{}", Map.of()), "not supported: it is for vLLM's plug-ins"),
                RequestField.unsupported(
                        "kv_transfer_params", object("{}", Map.of()), "not supported: KV caches stay where they are"),
                RequestField.unsupported("prompt_embeds", emptyList(), "not supported: a prompt is text or token ids"),
                RequestField.unsupported(
                        "thinking_token_budget", nothing(), "not supported: GPT-2 does not think before it answers"));
    }

    private UnsupportedFields() {}

    private static Neutral noConstraint() {
        return object(
                "{}",
                Map.of(
                        "choice", nothing(),
                        "regex", nothing(),
                        "json", nothing(),
                        "json_object", flag(false),
                        "grammar", nothing(),
                        "structural_tag", nothing(),
                        "whitespace_pattern", nothing(),
                        "disable_any_whitespace", anyFlag(),
                        "disable_additional_properties", anyFlag()));
    }
}
