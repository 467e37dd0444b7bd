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

import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The fields of the format that are not supported. One that changes nothing is taken, since clients write defaults out; any
 * other value is refused.
 */
final class UnsupportedFields {
    private static final String YET = "not supported yet";
    private static final String NO_BEAMS = "not supported yet: it acts on beams only";
    private static final String NO_STREAM = "not supported: an answer is one record, never a stream";
    private static final String NO_CONSTRAINT = "not supported yet: an answer is free text";

    /**
     * A field.
     *
     * @param neutral the values that change nothing
     * @param reason why no other value is taken, after "which is"
     */
    private record Field(String name, Neutral neutral, String reason) {}

    private static final Map<String, Field> ALL = table(List.of(
            new Field("min_tokens", integer(0), YET),
            new Field("min_p", number(0), YET),
            new Field("typical_p", number(1), YET),
            new Field("presence_penalty", number(0), YET),
            new Field("frequency_penalty", number(0), YET),
            new Field("repetition_penalty", number(1), YET),
            new Field("no_repeat_ngram_size", integer(0), YET),
            new Field("logit_bias", mapOf(number(0)), YET),
            new Field("bad_words", emptyList(), YET),
            new Field("allowed_token_ids", emptyList(), YET),
            new Field("stop", either(listOf(words("")), words("")), YET),
            new Field("stop_token_ids", emptyList(), YET),
            new Field("include_stop_str_in_output", flag(false), YET),
            new Field("ignore_eos", flag(false), YET),
            new Field("n", integer(1), "not supported yet: a request has one answer; send it once for each"),
            new Field("best_of", integer(1), "not supported yet: a request has one answer"),
            new Field("use_beam_search", flag(false), YET),
            new Field("length_penalty", number(1), NO_BEAMS),
            new Field("early_stopping", flag(false), NO_BEAMS),
            new Field("echo", flag(false), YET),
            new Field("logprobs", nothing(), YET),
            new Field("prompt_logprobs", nothing(), YET),
            new Field("logprob_token_ids", emptyList(), YET),
            new Field("return_token_ids", flag(false), YET),
            new Field("return_tokens_as_token_ids", flag(false), YET),
            new Field("structured_outputs", noConstraint(), NO_CONSTRAINT),
            new Field("guided_choice", nothing(), NO_CONSTRAINT),
            new Field("guided_regex", nothing(), NO_CONSTRAINT),
            new Field("guided_json", nothing(), NO_CONSTRAINT),
            new Field("guided_json_object", flag(false), NO_CONSTRAINT),
            new Field("guided_grammar", nothing(), NO_CONSTRAINT),
            new Field("guided_whitespace_pattern", nothing(), NO_CONSTRAINT),
            new Field("guided_decoding_backend", nothing(), NO_CONSTRAINT),
            new Field(
                    "response_format",
                    object(
                            "{\"type\": \"text\"}",
                            Map.of("type", words("text"), "json_schema", nothing(), "schema", nothing())),
                    NO_CONSTRAINT),
            new Field(
                    "repetition_detection",
                    object(
                            "{\"max_pattern_size\": 0}",
                            Map.of(
                                    "max_pattern_size", integer(0),
                                    "min_pattern_size", anyCount(),
                                    "min_count", anyCount())),
                    YET),
            new Field(
                    "truncate_prompt_tokens",
                    nothing(),
                    "not supported yet: truncate_prompt 'left' or 'right' cuts a prompt to what fits"),
            new Field("truncation_side", words("left"), "not supported yet: truncate_prompt says which end is cut off"),
            new Field("skip_special_tokens", flag(true), "not supported yet: a text never holds special tokens"),
            new Field("priority", integer(0), YET),
            new Field("timeout_ms", nothing(), YET),
            new Field("cache_salt", words(""), YET),
            new Field("session_id", words(""), "not supported yet: metadata and user are copied to the answer"),
            new Field("suffix", words(""), "not supported: GPT-2 continues a text, it does not fill gaps"),
            new Field("stream", flag(false), NO_STREAM),
            new Field(
                    "stream_options",
                    object(
                            "{}",
                            Map.of(
                                    "include_usage", flag(false),
                                    "continuous_usage_stats", flag(false),
                                    "include_obfuscation", flag(false))),
                    NO_STREAM),
            new Field("stream_interval", integer(1), NO_STREAM),
            new Field("add_special_tokens", flag(true), "not supported: a prompt gets what its model asks for"),
            new Field("spaces_between_special_tokens", flag(true), "not supported: a text never holds special tokens"),
            new Field("store", flag(false), "not supported: answers are kept in their topic only"),
            new Field("service_tier", words("auto", "default"), "not supported: all requests are served alike"),
            new Field("watermarking", flag(false), "not supported: answers bear no watermark"),
            new Field("return_token_offsets", flag(false), "not supported"),
            new Field("vllm_xargs", object("{}", Map.of()), "not supported: it is for vLLM's plug-ins"),
            new Field("kv_transfer_params", object("{}", Map.of()), "not supported: KV caches stay where they are"),
            new Field("prompt_embeds", emptyList(), "not supported: a prompt is text or token ids"),
            new Field("thinking_token_budget", nothing(), "not supported: GPT-2 does not think before it answers")));

    private UnsupportedFields() {}

    private static Map<String, Field> table(List<Field> fields) {
        Map<String, Field> byName = new LinkedHashMap<>();
        fields.forEach(field -> byName.put(field.name, field));
        return Collections.unmodifiableMap(byName);
    }

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

    static boolean contains(String field) {
        return ALL.containsKey(field);
    }

    /** Names of the fields, in the order of the format. */
    static Set<String> names() {
        return ALL.keySet();
    }

    /** Passes over the value of a field of this table, which is not null, if it changes nothing. */
    static void requireNeutral(String name, JsonFields json) throws IOException, InvalidRequestException {
        Field field = ALL.get(name);
        String found = json.found();
        if (!field.neutral.test().holds(json.parser())) {
            throw new InvalidRequestException(
                    InvalidRequestException.UNSUPPORTED_FIELD,
                    name,
                    name + ": found " + found + ", which is " + field.reason + "; leave the field out, or give what"
                            + " changes nothing: " + field.neutral.text());
        }
    }
}
