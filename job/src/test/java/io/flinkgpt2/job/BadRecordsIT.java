package io.flinkgpt2.job;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.flinkgpt2.job.JobOptions.GenerationMode;
import io.flinkgpt2.job.kafka.TopicLimits;
import java.io.IOException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever a prompts' topic holds, each record has one answer or one dead letter, and the job never fails. */
class BadRecordsIT {

    private static final int LARGE = 20 << 20;
    private static final String GOOD = "{\"prompt\": \"Once\", \"max_tokens\": 2, \"temperature\": 0}";
    private static final byte[] NOT_UTF8 = {'k', (byte) 0xFF};

    private static TestStack stack;

    /** Records of one partition, by offset. */
    private final List<ProducerRecord<byte[], byte[]>> prompts = new ArrayList<>();
    /** The code that the dead letter of the record at an offset shall have. */
    private final Map<Integer, String> expectedCodes = new HashMap<>();

    @BeforeAll
    static void start() throws IOException {
        stack = TestStack.start();
    }

    @AfterAll
    static void stop() throws IOException {
        stack.close();
    }

    @ParameterizedTest
    @EnumSource
    void badRecordsAreKeptAsTheyCameAndTheGoodOnesBetweenThemAreAnswered(GenerationMode mode) throws Exception {
        bad("invalid_json", bytes("{\"prompt\": "));
        bad("invalid_json", bytes("{\"prompt\": \"a\", \"prompt\": \"b\"}"));
        bad("invalid_type", bytes("[\"a prompt\"]"));
        bad("invalid_type", bytes("{\"prompt\": 3}"));
        bad("invalid_value", bytes("{\"prompt\": \"a\", \"top_p\": 1.5}"));
        bad("invalid_value", bytes("{\"prompt\": [50257]}"));
        bad("missing_field", bytes("{}"));
        bad("unknown_field", bytes("{\"prompt\": \"a\", \"max_token\": 3}"));
        bad("unsupported_field", bytes("{\"prompt\": \"a\", \"suffix\": \"b\"}"));
        bad("model_not_found", bytes("{\"prompt\": \"a\", \"model\": \"gpt-5\"}"));
        bad("context_length_exceeded", bytes("{\"prompt\": \"" + "word ".repeat(200) + "\"}"));
        bad("invalid_utf8", new byte[] {'{', (byte) 0xC3, '}'});
        bad("invalid_json", bytes("[".repeat(100_000)));
        bad("empty_value", null);
        bad("empty_value", new byte[0]);
        bad("context_length_exceeded", large());
        good();

        Map<Integer, JsonNode> letters =
                run("whole-" + mode, true, "--dead-letters.max-bytes=" + (LARGE + 100), "--generation.mode=" + mode);

        letters.forEach((offset, letter) -> {
            byte[] original = prompts.get(offset).value();
            assertThat(letter.has("value_truncated")).isFalse();
            if (original == null) {
                assertThat(letter.get("value").isNull()).isTrue();
            } else {
                assertThat(Arrays.equals(base64(letter.get("value")), original)).isTrue();
            }
        });
    }

    @Test
    void aRecordThatIsTooLargeForItsDeadLetterIsCutAndSaysSo() throws Exception {
        bad("context_length_exceeded", large());
        bad("invalid_json", new byte[LARGE]);
        good();

        Map<Integer, JsonNode> letters = run("cut", false);

        for (Map.Entry<Integer, JsonNode> entry : letters.entrySet()) {
            byte[] original = prompts.get(entry.getKey()).value();
            JsonNode letter = entry.getValue();
            byte[] kept = base64(letter.get("value"));
            assertThat(letter.get("value_truncated").asBoolean()).isTrue();
            assertThat(letter.get("value_length").asInt()).isEqualTo(original.length);
            assertThat(letter.get("value_sha256").asText())
                    .isEqualTo(HexFormat.of()
                            .formatHex(MessageDigest.getInstance("SHA-256").digest(original)));
            assertThat(kept).hasSizeBetween(700_000, 900_000);
            assertThat(Arrays.equals(kept, Arrays.copyOf(original, kept.length)))
                    .isTrue();
        }
    }

    @Test
    void promptsThatDoNotFitAreCutWhereTheyMayBeAndElseDeadLetters() throws Exception {
        String words = IntStream.range(0, 200).mapToObj(i -> " " + i).collect(Collectors.joining());
        String large = new String(large(), UTF_8);
        bad("context_length_exceeded", bytes("{\"prompt\": \"" + words + "\"}"));
        bad("context_length_exceeded", bytes("{\"prompt\": \"" + words + "\", \"truncate_prompt\": \"error\"}"));
        prompts.add(request(words, "\"truncate_prompt\": \"left\""));
        prompts.add(request(words, "\"truncate_prompt\": \"right\""));
        prompts.add(new ProducerRecord<>(
                "",
                0,
                (byte[]) null,
                bytes(large.replace("{", "{\"truncate_prompt\": \"left\", \"max_tokens\": 5, "))));
        prompts.add(request("<|endoftext|>", "\"allow_special_tokens\": true"));
        prompts.add(request("<|endoftext|>", "\"allow_special_tokens\": false"));

        run("cut-prompts", false);

        Map<Integer, JsonNode> answers = answers("cut-prompts");
        // Each number is one token.
        assertThat(answers.get(4).at("/choices/0/truncated"))
                .isEqualTo(TestStack.json(bytes("{\"prompt_tokens_dropped\": 77, \"side\": \"left\"}")));
        assertThat(answers.get(5).at("/choices/0/truncated"))
                .isEqualTo(TestStack.json(bytes("{\"prompt_tokens_dropped\": 77, \"side\": \"right\"}")));
        assertThat(answers.get(6)
                        .at("/choices/0/truncated/prompt_tokens_dropped")
                        .asInt())
                .isGreaterThan(1_000_000);
        for (int offset : new int[] {4, 5, 6}) {
            assertThat(answers.get(offset).at("/usage/prompt_tokens").asInt()).isEqualTo(123);
        }
        assertThat(answers.get(7).at("/usage/prompt_tokens").asInt()).isOne();
        assertThat(answers.get(8).at("/usage/prompt_tokens").asInt()).isGreaterThan(1);
        assertThat(answers.get(0).at("/choices/0").has("truncated")).isFalse();
    }

    @Test
    void whatAJobChoosesHoldsForRequestsThatDoNotSay() throws Exception {
        String words = " word".repeat(200);
        prompts.add(request(words, "\"user\": \"u\""));
        bad("context_length_exceeded", bytes("{\"prompt\": \"" + words + "\", \"truncate_prompt\": \"error\"}"));
        prompts.add(request("<|endoftext|>", "\"user\": \"u\""));

        run(
                "chosen",
                false,
                "--truncate-prompt=right",
                "--allow-special-tokens",
                "--activation=relu",
                "--precision=bf16");

        Map<Integer, JsonNode> answers = answers("chosen");
        assertThat(answers.get(0).at("/choices/0/truncated/side").asText()).isEqualTo("right");
        assertThat(answers.get(3).at("/usage/prompt_tokens").asInt()).isOne();
        assertThat(answers.values())
                .allSatisfy(answer ->
                        assertThat(answer.get("system_fingerprint").asText()).endsWith("-bf16"));
    }

    /** A request of 5 tokens at most. */
    private static ProducerRecord<byte[], byte[]> request(String prompt, String field) {
        return new ProducerRecord<>(
                "",
                0,
                (byte[]) null,
                bytes("{\"prompt\": \"" + prompt + "\", \"max_tokens\": 5, \"temperature\": 0, " + field + "}"));
    }

    private static Map<Integer, JsonNode> answers(String name) {
        return TestStack.json(stack.committed("completions-" + name))
                .collect(Collectors.toMap(answer -> answer.at("/source/offset").asInt(), Function.identity()));
    }

    @Test
    void whatCannotBeCopiedToAnAnswerMakesADeadLetterAndNoSinkFail() throws Exception {
        bad("too_large", bytes("{\"prompt\": \"a\", \"metadata\": {\"m\": \"" + "x".repeat(2 << 20) + "\"}}"));
        bad("too_large", bytes(GOOD), header("h", 2 << 20));
        // Nothing but what Kafka adds to a header, two bytes each: more than the topic takes.
        Header[] many = new Header[600_000];
        Arrays.fill(many, header("", 0));
        bad("too_large", bytes(GOOD), many);
        prompts.add(new ProducerRecord<>("", 0, new byte[2 << 20], bytes(GOOD)));
        expectedCodes.put(prompts.size() - 1, "too_large");
        good();

        Map<Integer, JsonNode> letters = run("copied", false);

        assertThat(letters.get(1).get("value_truncated").asBoolean()).isTrue();
        assertThat(letters.get(3).get("headers_dropped").asInt()).isEqualTo(1);
        assertThat(letters.get(5).get("headers_dropped").asInt()).isBetween(500_000, 600_000);
        assertThat(letters.get(6).get("key_truncated").asBoolean()).isTrue();
    }

    @Test
    void keysAndHeadersAreCopiedAndAKeyThatIsNoTextIsNoName() throws Exception {
        List<Header> headers = List.of(header("a", 3), new RecordHeader("b", (byte[]) null), header("a", 1));
        prompts.add(new ProducerRecord<>("", 0, bytes("key-1"), bytes(GOOD), headers));
        prompts.add(new ProducerRecord<>("", 0, NOT_UTF8, bytes(GOOD), headers));
        prompts.add(new ProducerRecord<>("", 0, (byte[]) null, bytes(GOOD)));
        prompts.add(new ProducerRecord<>("", 0, NOT_UTF8, bytes("nonsense"), headers));
        expectedCodes.put(3, "invalid_json");

        run("keys", false);

        List<ConsumerRecord<byte[], byte[]>> answers = stack.committed("completions-keys");
        assertThat(TestStack.json(answers).map(answer -> answer.get("custom_id").asText()))
                .containsExactly("key-1", "prompts-keys-0-1", "prompts-keys-0-2");
        answers.add(stack.committed("dead-letters-keys").get(0));
        for (int i = 0; i < prompts.size(); i++) {
            assertThat(answers.get(i).key()).isEqualTo(prompts.get(i).key());
            assertThat(answers.get(i).headers()).isEqualTo(prompts.get(i).headers());
        }
        JsonNode letter = TestStack.json(answers.get(3).value());
        assertThat(base64(letter.get("key"))).isEqualTo(NOT_UTF8);
    }

    /** A bad record, and a good one before it. */
    private void bad(String code, byte[] value, Header... headers) {
        good();
        expectedCodes.put(prompts.size(), code);
        prompts.add(new ProducerRecord<>("", 0, (byte[]) null, value, List.of(headers)));
    }

    private void good() {
        prompts.add(new ProducerRecord<>("", 0, (byte[]) null, bytes(GOOD)));
    }

    /**
     * Runs the job over the records and checks that each is answered as expected and nothing failed.
     *
     * @param largeDeadLetters whether the topic of the dead letters takes large records
     * @return the dead letters by the offsets of their records
     */
    private Map<Integer, JsonNode> run(String name, boolean largeDeadLetters, String... options) throws Exception {
        stack.createLargeTopic("prompts-" + name, 1);
        stack.createTopic("completions-" + name, 1);
        if (largeDeadLetters) {
            stack.createLargeTopic("dead-letters-" + name, 1);
        } else {
            stack.createTopic("dead-letters-" + name, 1);
        }
        stack.produce(prompts.stream()
                .map(prompt ->
                        new ProducerRecord<>("prompts-" + name, 0, prompt.key(), prompt.value(), prompt.headers()))
                .toList());
        List<String> arguments = new ArrayList<>(List.of(
                "--job.name=job-" + name,
                "--topics.prompts=prompts-" + name,
                "--topics.completions=completions-" + name,
                "--topics.dead-letters=dead-letters-" + name));
        arguments.addAll(List.of(options));
        JobSettings settings = stack.settings(arguments.toArray(new String[0]));
        StreamExecutionEnvironment environment = stack.environment(1);
        CompletionJob.build(environment, settings, TopicLimits.of(settings.kafka()));

        JobExecutionResult result = environment.execute(settings.jobName());

        assertThat(stack.restarts(result.getJobID())).isZero();
        Map<Integer, JsonNode> letters = new HashMap<>();
        Map<Integer, String> codes = new HashMap<>();
        TestStack.json(stack.committed("dead-letters-" + name)).forEach(letter -> {
            int offset = letter.at("/source/offset").asInt();
            assertThat(letters.put(offset, letter)).isNull();
            codes.put(offset, letter.at("/error/code").asText());
            assertThat(letter.get("job").asText()).isEqualTo("job-" + name);
            assertThat(letter.at("/error/message").asText()).isNotBlank();
        });
        assertThat(codes).isEqualTo(expectedCodes);
        assertThat(TestStack.json(stack.committed("completions-" + name))
                        .map(answer -> answer.at("/source/offset").asInt()))
                .doesNotHaveDuplicates()
                .hasSize(prompts.size() - expectedCodes.size())
                .doesNotContainAnyElementsOf(expectedCodes.keySet());
        return letters;
    }

    /** A valid request but for its length: 20 MB of prompt, not all alike. */
    private static byte[] large() {
        StringBuilder prompt = new StringBuilder(LARGE);
        while (prompt.length() < LARGE) {
            prompt.append(" number ").append(prompt.length());
        }
        return bytes("{\"prompt\": \"" + prompt.substring(0, LARGE - 20) + "\"}");
    }

    private static Header header(String key, int length) {
        byte[] value = new byte[length];
        Arrays.fill(value, (byte) 7);
        return new RecordHeader(key, value);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private static byte[] base64(JsonNode text) {
        return Base64.getDecoder().decode(text.asText());
    }
}
