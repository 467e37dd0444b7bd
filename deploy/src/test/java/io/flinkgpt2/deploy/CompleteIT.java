package io.flinkgpt2.deploy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Completions by the command, without Kafka and Flink. */
class CompleteIT {

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String MODEL = Command.bundledModel().toString();
    private static final String FOREIGN = "Es war einmal ein König — 🏰 «да»";

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"tied-tanh", "untied-erf", "prefixed-half", "scaled-sharded-bf16", "unscaled"})
    void rule1_3_point12_goldenModelsGiveTheirGreedyTokens(String name) throws Exception {
        Path model = Command.testData("golden/" + name);
        JsonNode cases =
                MAPPER.readTree(model.resolve("expected.json").toFile()).path("cases");
        assertThat(cases).hasSize(4);
        StringBuilder requests = new StringBuilder();
        for (JsonNode golden : cases) {
            ObjectNode request = MAPPER.createObjectNode();
            request.set("prompt", golden.path("promptTokenIds"));
            requests.append(request).append('\n');
        }

        Run run = complete(model, "--temperature", "0", "--max-tokens", "20", "--output", "json")
                .input(requests.toString())
                .run();

        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.err()).isEmpty();
        List<JsonNode> completions = run.json();
        assertThat(completions).hasSize(4);
        for (int i = 0; i < 4; i++) {
            JsonNode choice = completions.get(i).path("choices").path(0);
            assertThat(choice.path("token_ids")).isEqualTo(cases.path(i).path("greedyTokenIds"));
            boolean whole = choice.path("token_ids").size() == 20;
            assertThat(choice.path("stop_reason").textValue()).isEqualTo(whole ? "max_tokens" : "max_context");
        }
    }

    @Test
    void aPromptOfTokenIdsIsCompleted() throws Exception {
        Path model = Command.testData("golden/tied-tanh");
        JsonNode golden = MAPPER.readTree(model.resolve("expected.json").toFile())
                .path("cases")
                .path(0);
        String ids = StreamSupport.stream(golden.path("promptTokenIds").spliterator(), false)
                .map(JsonNode::asText)
                .collect(Collectors.joining(","));

        Run run = complete(model, "--prompt-ids", ids, "--temperature", "0", "--max-tokens", "20", "--output", "json")
                .run();

        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.json())
                .singleElement()
                .satisfies(completion -> assertThat(
                                completion.path("choices").path(0).path("token_ids"))
                        .isEqualTo(golden.path("greedyTokenIds")));
    }

    @Test
    void point12_theBundledModelContinuesItsSamplesExactly() throws Exception {
        List<JsonNode> samples = Run.jsonLines(Command.testData("fairytales/samples.jsonl"));
        StringBuilder requests = new StringBuilder();
        for (JsonNode sample : samples) {
            ObjectNode request = MAPPER.createObjectNode();
            request.set("prompt", sample.path("prompt"));
            requests.append(request).append('\n');
        }
        String[] options = {"--temperature", "0", "--max-tokens", "40"};

        Run json = complete(Command.bundledModel(), options)
                .with("--output", "json")
                .input(requests.toString())
                .run();
        Run text = complete(Command.bundledModel(), options)
                .with("--prompt", samples.get(0).path("prompt").textValue())
                .run();

        assertThat(json.json()).hasSameSizeAs(samples);
        for (int i = 0; i < samples.size(); i++) {
            JsonNode sample = samples.get(i);
            JsonNode completion = json.json().get(i);
            assertThat(completion.path("choices").path(0).path("token_ids")).isEqualTo(sample.path("greedyTokenIds"));
            assertThat(Run.text(completion)).isEqualTo(sample.path("text").textValue());
        }
        assertThat(text.exitCode()).isZero();
        assertThat(text.err()).isEmpty();
        assertThat(text.out()).isEqualTo(samples.get(0).path("text").textValue() + "\n");
    }

    @Test
    void eachLineIsAnsweredInItsPlaceAndOptionsAreDefaults() throws Exception {
        List<String> requests = List.of(
                "{\"custom_id\": \"a\", \"prompt\": \"The king\"}",
                "no json at all",
                "{\"custom_id\": \"b\", \"prompt\": \"The king\", \"max_tokens\": 5, \"metadata\": {\"x\": 1e2, \"y\": -0.0}}",
                "{\"custom_id\": \"c\", \"body\": {\"prompt\": \"The king\", \"max_tokens\": null}}",
                "{\"custom_id\": \"d\", \"prompt\": \"The king\", \"temperature\": -1}",
                "{\"custom_id\": \"e\", \"prompt\": \"" + "and then ".repeat(50) + "\"}",
                "{\"prompt\": \"The king\", \"temperature\": 5, \"seed\": 1}");

        Run run = complete(
                        Command.bundledModel(),
                        "--max-tokens",
                        "3",
                        "--temperature",
                        "0",
                        "--max-context",
                        "64",
                        "--output",
                        "json")
                .input(String.join("\n", requests))
                .run();

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).isEmpty();
        List<JsonNode> answers = run.json();
        assertThat(answers).hasSameSizeAs(requests);
        assertThat(answers.get(0).path("custom_id").textValue()).isEqualTo("a");
        assertThat(answers.get(0).path("usage").path("completion_tokens").intValue())
                .isEqualTo(3);
        assertDeadLetter(answers.get(1), requests.get(1), "invalid_json");
        assertThat(answers.get(2).path("usage").path("completion_tokens").intValue())
                .isEqualTo(5);
        assertThat(run.lines().get(2)).contains("\"metadata\":{\"x\":1e2,\"y\":-0.0}");
        assertThat(Run.text(answers.get(2))).startsWith(Run.text(answers.get(0)));
        assertThat(answers.get(3).path("custom_id").textValue()).isEqualTo("c");
        assertThat(Run.text(answers.get(3).at("/response/body"))).isEqualTo(Run.text(answers.get(0)));
        assertDeadLetter(answers.get(4), requests.get(4), "invalid_value");
        assertDeadLetter(answers.get(5), requests.get(5), "context_length_exceeded");
        assertThat(answers.get(6).path("custom_id").textValue()).isEqualTo("stdin-0-6");
        assertThat(answers.get(6).path("usage").path("completion_tokens").intValue())
                .isEqualTo(3);
    }

    private static void assertDeadLetter(JsonNode answer, String request, String code) {
        assertThat(answer.path("error").path("code").textValue()).isEqualTo(code);
        assertThat(new String(Base64.getDecoder().decode(answer.path("value").textValue()), UTF_8))
                .isEqualTo(request);
    }

    @Test
    void inTextWrongLinesAreToldByTheirNumber() throws Exception {
        Run run = complete(Command.bundledModel(), "--temperature", "0", "--max-tokens", "2")
                .input("{\"prompt\": \"The king\"}\n\n{\"prompt\": 7}\n{\"prompt\": \"The king\"}\n")
                .run();

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.lines()).hasSize(2).allSatisfy(line -> assertThat(line).isNotBlank());
        assertThat(run.err()).startsWith("line 3: prompt: ").hasLineCount(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"C", "POSIX"})
    void textOutsideOfAsciiIsTakenWhateverTheLocale(String locale) throws Exception {
        // By a script in UTF-8, for a JVM in such a locale could not pass the argument on.
        Path script = Files.writeString(
                directory.resolve("script"),
                "exec '" + Command.launcherPath() + "' complete --model '" + MODEL + "' --prompt '" + FOREIGN
                        + "' --temperature 0 --max-tokens 4 --output json\n");
        Run byArgument = Command.of("bash", script.toString())
                .environment("LC_ALL", locale)
                .environment("LANG", locale)
                .run();
        String raw = "{\"custom_id\": \"märchen 🏰\", \"prompt\": \"" + FOREIGN + "\"}\n";
        StringBuilder escaped = new StringBuilder("{\"prompt\": \"");
        FOREIGN.chars().forEach(c -> escaped.append(String.format("\\u%04x", c)));
        Run byInput = complete(Command.bundledModel(), "--temperature", "0", "--max-tokens", "4", "--output", "json")
                .environment("LC_ALL", locale)
                .input(raw + escaped + "\"}\n")
                .run();

        assertThat(byArgument.exitCode()).as(byArgument.err()).isZero();
        List<JsonNode> answers = new ArrayList<>(byArgument.json());
        answers.addAll(byInput.json());
        assertThat(answers).hasSize(3);
        assertThat(answers.get(1).path("custom_id").textValue()).isEqualTo("märchen 🏰");
        for (JsonNode answer : answers) {
            assertThat(answer.path("usage")).isEqualTo(answers.get(2).path("usage"));
            assertThat(answer.path("choices")).isEqualTo(answers.get(2).path("choices"));
        }
        assertThat(answers.get(2).path("usage").path("prompt_tokens").intValue())
                .isGreaterThan(15);
    }

    @Test
    void wrongUsageEndsWith2AndOneMessage() throws Exception {
        assertUsage("Unknown option: '--colour'", "--model", MODEL, "--prompt", "x", "--colour");
        assertUsage("Missing required option: '--model=MODEL'", "--prompt", "x");
        assertUsage("--max-context: found 0", "--model", MODEL, "--prompt", "x", "--max-context", "0");
        assertUsage("--max-context: found 257", "--model", MODEL, "--prompt", "x", "--max-context", "257");
        assertUsage(
                "expected at most 7 with a max-context of 8",
                "--model",
                MODEL,
                "--prompt",
                "one two three four five six seven eight nine",
                "--max-context",
                "8");
        assertUsage("50257", "--model", MODEL, "--prompt-ids", "50257");
    }

    private static void assertUsage(String message, String... arguments) throws Exception {
        Run run = Command.launcher("complete").with(arguments).run();

        assertThat(run.exitCode()).as(run.err()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err().lines()).hasSize(2).first().asString().contains(message);
        assertThat(run.err()).endsWith("Try 'flink-gpt2 complete --help'.");
    }

    @Test
    void aModelThatIsNotThereEndsWith1AndOneMessage() throws Exception {
        Path missing = directory.resolve("no model");
        Run run = complete(missing, "--prompt", "x").run();

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.out()).isEmpty();
        assertThat(run.err())
                .startsWith(missing.toString())
                .contains("found nothing")
                .hasLineCount(1);
    }

    @Test
    void tooLittleMemoryEndsWith1AndSaysWhatToDo() throws Exception {
        Run run = complete(Command.bundledModel(), "--prompt", "x")
                .environment("FLINK_GPT2_JAVA_OPTS", "-Xmx20m")
                .run();

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).startsWith("Out of memory").contains("FLINK_GPT2_JAVA_OPTS");
    }

    @Test
    void theUserChoosesTheCollector() throws Exception {
        Run run = complete(Command.bundledModel(), "--prompt", "x", "--max-tokens", "1")
                .environment("FLINK_GPT2_JAVA_OPTS", "-Xmx500m -XX:+UseG1GC")
                .run();

        assertThat(run.exitCode()).as(run.err()).isZero();
    }

    @Test
    void anOutputThatNobodyReadsAnyMoreEndsItQuietly() throws Exception {
        Path script = Files.writeString(
                directory.resolve("script"),
                "'" + Command.launcherPath() + "' complete --model '" + MODEL
                        + "' --max-tokens 20 --output json | head -n 1\necho \"ended with ${PIPESTATUS[0]}\"\n");
        Run run = Command.of("bash", script.toString()).input(manyRequests()).run();

        assertThat(run.lines()).hasSize(2);
        assertThat(run.lines().get(1)).isEqualTo("ended with 0");
        assertThat(run.err()).isEmpty();
    }

    @Test
    void anOutputThatCannotBeWrittenIsAnError() throws Exception {
        String complete =
                "'" + Command.launcherPath() + "' complete --model '" + MODEL + "' --prompt-ids 1 --max-tokens 1";
        Path script = Files.writeString(
                directory.resolve("script"),
                complete + " >/dev/full\necho \"full $?\"\nexec 5>&1\n" + complete + " >&-\necho \"closed $?\" >&5\n");
        Run run = Command.of("bash", script.toString()).run();

        assertThat(run.lines()).containsExactly("full 1", "closed 1");
        assertThat(run.err().lines())
                .hasSize(2)
                .allMatch(line -> line.startsWith("Standard output cannot be written ("))
                .first()
                .asString()
                .contains("No space left on device");
    }

    @ParameterizedTest
    @CsvSource({"INT,130", "TERM,143"})
    void aSignalEndsItWithinTenSecondsAndWithWholeLines(String signal, int exitCode) throws Exception {
        // A build that runs in the background ignores INT, and so would what it starts.
        try (Running running = Command.of(
                        "env",
                        "--default-signal=INT",
                        Command.launcherPath().toString(),
                        "complete",
                        "--model",
                        Command.bundledModel().toString(),
                        "--max-tokens",
                        "200",
                        "--output",
                        "json")
                .input(manyRequests())
                .start()) {
            running.awaitOut("\n");
            running.signal(signal);
            Run run = running.await(Duration.ofSeconds(10));

            assertThat(run.exitCode()).isEqualTo(exitCode);
            assertThat(run.err()).doesNotContain("\tat ");
            assertThat(run.out()).endsWith("\n");
            assertThat(run.json()).hasSizeBetween(1, 1999);
        }
    }

    /** More than are answered while a test waits. */
    private static String manyRequests() {
        return "{\"prompt\": \"The king\"}\n".repeat(2000);
    }

    private static Command complete(Path model, String... options) throws IOException {
        return Command.launcher("complete", "--model", model.toString()).with(options);
    }
}
