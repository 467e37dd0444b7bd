package io.flinkgpt2.job.record;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flinkgpt2.generation.PromptLimits;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;

/** Parsers and records of the tests: GPT-2's tokenizer, a max-context of 128, models "gpt2" and "small", topic "prompts". */
final class Requests {
    static final int MAX_CONTEXT = 128;
    static final int MAX_COPIED_BYTES = 10_000;
    static final int MAX_RECORD_BYTES = 1_000_000;
    static final long NOW = 1_700_000_000_123L;

    private static final ObjectMapper JSON = new ObjectMapper();

    private Requests() {}

    static RequestParser parser() {
        return parser(UnknownFields.REJECT);
    }

    static RequestParser parser(UnknownFields policy) {
        return parser(policy, MAX_CONTEXT);
    }

    static RequestParser parser(UnknownFields policy, int maxContext) {
        return parser(maxContext, policy, RequestDefaults.ofTheFormat());
    }

    static RequestParser parser(int maxContext, UnknownFields policy, RequestDefaults defaults) {
        return parser(
                Tokenizer.gpt2(),
                Gpt2Config.published(12, 12, 768),
                maxContext,
                Set.of("gpt2", "small"),
                policy,
                defaults,
                constraint -> {});
    }

    static RequestParser parser(
            Tokenizer tokenizer,
            Gpt2Config config,
            int maxContext,
            Set<String> models,
            UnknownFields policy,
            RequestDefaults defaults,
            ConstraintCheck constraints) {
        return new RequestParser(
                tokenizer,
                new PromptLimits(config, maxContext),
                models,
                policy,
                new AnswerLimits(MAX_COPIED_BYTES, MAX_RECORD_BYTES),
                defaults,
                constraints);
    }

    /** With other models and a tokenizer of its own. */
    static RequestParser parser(Tokenizer tokenizer, Gpt2Config config, int maxContext, Set<String> models) {
        return parser(
                tokenizer,
                config,
                maxContext,
                models,
                UnknownFields.REJECT,
                RequestDefaults.ofTheFormat(),
                constraint -> {});
    }

    static PromptRecord record(byte[] value) {
        return new PromptRecord(new RecordSource("prompts", 3, 42, NOW - 1000), null, value, null);
    }

    static PromptRecord record(String json) {
        return record(json.getBytes(UTF_8));
    }

    static PromptRecord record(byte[] key, String json) {
        PromptRecord record = record(json);
        record.key = key;
        return record;
    }

    static PromptRequest parse(String json) throws InvalidRequestException {
        return parser().parse(record(json), NOW);
    }

    static RecordError errorOf(String json) {
        return errorOf(record(json));
    }

    static RecordError errorOf(PromptRecord record) {
        return errorOf(parser(), record);
    }

    static RecordError errorOf(RequestParser parser, PromptRecord record) {
        InvalidRequestException refused =
                catchThrowableOfType(InvalidRequestException.class, () -> parser.parse(record, NOW));
        assertThat(refused).as("a refusal").isNotNull();
        return refused.error();
    }

    static RecordHeader header(String key, String value) {
        return new RecordHeader(key, value == null ? null : value.getBytes(UTF_8));
    }

    static List<RecordHeader> headers(String key, String value) {
        return List.of(header(key, value));
    }

    /** Reads what a writer wrote: strict UTF-8, JSON. */
    static JsonNode json(byte[] written) {
        try {
            return JSON.readTree(
                    UTF_8.newDecoder().decode(ByteBuffer.wrap(written)).toString());
        } catch (IOException e) {
            throw new AssertionError("not JSON in UTF-8: " + new String(written, UTF_8), e);
        }
    }
}
