package io.flinkgpt2.job.record;

import static io.flinkgpt2.job.record.Requests.NOW;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import io.flinkgpt2.job.record.DeadLetterJson.Encoded;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Whatever bytes come, a record becomes a request or a dead letter that holds it whole. */
class RequestFuzzTest {
    private static final byte[][] SEEDS = bytes(
            "{\"prompt\":\"Hello world\"}",
            "{\"custom_id\":\"é😀\",\"model\":\"gpt2\",\"prompt\":[1,2,3],\"max_tokens\":5,\"temperature\":0.7,\"top_k\":40,"
                    + "\"top_p\":0.9,\"seed\":-12,\"metadata\":{\"a\":[1.50,{\"b\":null}],\"c\":\"\\u00e9\"},\"user\":\"u\"}",
            "{\"custom_id\":\"r\",\"method\":\"POST\",\"url\":\"/v1/completions\",\"body\":{\"prompt\":\"a\\ud83d\\ude00\","
                    + "\"n\":1,\"stop\":[],\"logit_bias\":{},\"echo\":false,\"logprobs\":null}}",
            "{\"prompt\":\"\",\"truncate_prompt\":\"error\",\"min_p\":0.0,\"metadata\":{}}",
            "{\"prompt\":\"one two three four five six\",\"max_tokens\":999,\"truncate_prompt\":\"left\","
                    + "\"allow_special_tokens\":true}",
            "{\"prompt\":[[1,2],[3]],\"n\":2,\"best_of\":3,\"logprobs\":2,\"logprob_token_ids\":[5],\"echo\":true,"
                    + "\"stop\":[\"a\",\"b\"],\"stop_token_ids\":[13],\"logit_bias\":{\"7\":-1.5},\"bad_words\":[\"x\"],"
                    + "\"min_tokens\":1,\"timeout_ms\":5,\"priority\":-1,\"truncate_prompt_tokens\":-1}",
            "{\"prompt\":[\"a\",\"b\"],\"use_beam_search\":true,\"n\":4,\"length_penalty\":0.5,\"early_stopping\":true,"
                    + "\"repetition_detection\":{\"max_pattern_size\":4},\"structured_outputs\":{\"json\":{\"type\":\"object\"}},"
                    + "\"response_format\":{\"type\":\"text\"}}");

    /** What is worth putting into a record somewhere. */
    private static final byte[][] PIECES = bytes(
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "\\",
            "null",
            "true",
            "-1",
            "1e999",
            "1e-999",
            "9223372036854775808",
            "\\ud800",
            "\"prompt\":",
            "\"body\":",
            "\"custom_id\":",
            "\"stop\":",
            "\"truncate_prompt\":\"right\",",
            "<|endoftext|>",
            "\"n\":",
            "\"bogus\":1,",
            "\"metadata\":{",
            "\u0000",
            "\ufeff",
            "[[[[[[[[",
            "{\"a\":{\"a\":",
            "16.0",
            "\"\"",
            "\n",
            "\ufffd",
            "/**/",
            "NaN",
            "{\"regex\":\"a\"}",
            "\"use_beam_search\":true,",
            "\"guided_json\":");

    private int requests;
    private int letters;

    @Test
    void twoThousandBrokenRecordsBecomeRequestsOrDeadLetters() {
        fuzz(1, 2_000);

        assertThat(requests).isGreaterThan(100);
        assertThat(letters).isGreaterThan(1_000);
    }

    @Test
    @Tag("full")
    void aHundredThousandBrokenRecordsBecomeRequestsOrDeadLetters() {
        fuzz(2, 100_000);

        assertThat(requests).isGreaterThan(5_000);
        assertThat(letters).isGreaterThan(50_000);
    }

    private void fuzz(long seed, int count) {
        Random random = new Random(seed);
        RequestParser reject = Requests.parser(UnknownFields.REJECT);
        RequestParser ignore = Requests.parser(UnknownFields.IGNORE);
        for (int i = 0; i < count; i++) {
            PromptRecord record = Requests.record(i % 10 == 0 ? randomBytes(random) : mutated(random));
            record.key = i % 3 == 0 ? randomBytes(random) : null;
            try {
                check(random.nextBoolean() ? reject : ignore, record);
            } catch (RuntimeException | IOException e) {
                fail("record " + i + " of seed " + seed + ": " + Arrays.toString(record.value), e);
            }
        }
    }

    private void check(RequestParser parser, PromptRecord record) throws IOException {
        try {
            checkRequest(parser.parse(record, NOW));
            requests++;
        } catch (InvalidRequestException e) {
            checkLetter(new DeadLetter(record, e.error(), "job", NOW));
            letters++;
        }
    }

    private static void checkRequest(PromptRequest request) {
        assertThat(request.prompts[0]).isNotEmpty();
        assertThat(request.customId).isNotEmpty();
        CompletionRecord completion = new CompletionRecord();
        completion.customId = request.customId;
        completion.metadata = request.metadata;
        completion.user = request.user;

        JsonNode written = Requests.json(CompletionJson.write(completion));

        assertThat(written.get("custom_id").textValue()).isEqualTo(request.customId);
        assertThat(written.get("metadata").isObject()).isTrue();
    }

    private static void checkLetter(DeadLetter letter) throws IOException {
        assertThat(letter.error.code).isNotNull();
        assertThat(letter.error.message).isNotEmpty();
        Encoded encoded = DeadLetterJson.write(letter, 1 << 20, 1 << 20);

        JsonNode written = Requests.json(encoded.value());

        assertThat(written.get("value").binaryValue()).isEqualTo(letter.value);
        assertThat(written.get("key").binaryValue()).isEqualTo(letter.key);
        assertThat(written.at("/error/message").textValue()).isEqualTo(letter.error.message);
    }

    private static byte[] randomBytes(Random random) {
        byte[] bytes = new byte[random.nextInt(64)];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] mutated(Random random) {
        byte[] bytes = SEEDS[random.nextInt(SEEDS.length)].clone();
        for (int mutations = random.nextInt(4); mutations >= 0; mutations--) {
            int at = random.nextInt(bytes.length + 1);
            int end = Math.min(bytes.length, at + random.nextInt(8));
            bytes = switch (random.nextInt(6)) {
                case 0 -> spliced(bytes, at, new byte[] {(byte) random.nextInt()}, Math.min(bytes.length, at + 1));
                case 1 -> spliced(bytes, at, new byte[0], end);
                case 2 -> spliced(bytes, at, Arrays.copyOfRange(bytes, at, end), at);
                case 3 -> spliced(bytes, at, new byte[0], random.nextInt(8) == 0 ? bytes.length : at);
                default -> spliced(bytes, at, PIECES[random.nextInt(PIECES.length)], random.nextBoolean() ? at : end);
            };
        }
        return bytes;
    }

    /** {@code bytes} with {@code piece} in the place of {@code start..end}. */
    private static byte[] spliced(byte[] bytes, int start, byte[] piece, int end) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(bytes, 0, start);
        out.writeBytes(piece);
        out.write(bytes, end, bytes.length - end);
        return out.toByteArray();
    }

    private static byte[][] bytes(String... texts) {
        return Arrays.stream(texts).map(text -> text.getBytes(UTF_8)).toArray(byte[][]::new);
    }
}
