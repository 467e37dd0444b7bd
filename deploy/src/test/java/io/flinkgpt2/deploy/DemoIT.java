package io.flinkgpt2.deploy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo, run twice in different ways: its files, its summary, and that both say the same. */
class DemoIT {

    /** Codes of the reasons by the ids of the requests. */
    private static final Map<String, String> DEAD_LETTERS = new TreeMap<>(Map.of(
            "broken-json", "invalid_json",
            "broken-no-prompt", "missing_field",
            "broken-temperature", "invalid_value",
            "broken-field", "unknown_field",
            "broken-too-long", "context_length_exceeded"));

    private static List<String> prompts;
    private static Path firstOut;
    private static Run first;
    private static Path secondOut;
    private static Run second;

    @BeforeAll
    static void runTwice(@TempDir Path directory) throws IOException, InterruptedException {
        prompts = Files.readAllLines(Command.deploy().resolve("demo/prompts.jsonl"));
        firstOut = directory.resolve("first");
        first = Command.launcher("demo", "--out", firstOut.toString(), "--output", "json")
                .run();

        Path elsewhere = Files.createDirectory(directory.resolve("else where"));
        Path link = Files.createSymbolicLink(elsewhere.resolve("flink-gpt2"), Command.launcherPath());
        secondOut = elsewhere.resolve("out");
        second = Command.launcherAt(link, "demo", "--out", "out", "--output", "json", "--parallelism", "1")
                .in(elsewhere)
                .environment("LANG", "C")
                .environment("LC_ALL", "C")
                .run();
        Files.delete(link);
    }

    @Test
    void theLastLineIsTheSummaryForMachines() {
        for (Run run : List.of(first, second)) {
            assertThat(run.exitCode()).as(run.err()).isZero();
            JsonNode summary = Run.json(run.lines().get(run.lines().size() - 1));
            List<String> names = new ArrayList<>();
            summary.fieldNames().forEachRemaining(names::add);
            assertThat(names)
                    .containsExactly("prompts", "completions", "dead_letters", "tokens", "tokens_per_second", "model");
            assertThat(summary.path("prompts").intValue()).isEqualTo(66).isEqualTo(prompts.size());
            assertThat(summary.path("completions").intValue()).isEqualTo(61);
            assertThat(summary.path("dead_letters").intValue()).isEqualTo(5);
            assertThat(summary.path("tokens_per_second").doubleValue()).isPositive();
            assertThat(Path.of(summary.path("model").textValue())).isEqualTo(Command.bundledModel());
        }
    }

    @Test
    void theSummaryCountsTheTokensOfTheFile() throws IOException {
        long tokens = 0;
        for (JsonNode completion : completions(firstOut)) {
            tokens += completion.path("usage").path("completion_tokens").longValue();
        }

        assertThat(Run.json(first.lines().get(first.lines().size() - 1))
                        .path("tokens")
                        .longValue())
                .isEqualTo(tokens);
    }

    @Test
    void completionsStandInTheOrderOfTheirPromptsEachOnce() throws IOException {
        List<String> expected = new ArrayList<>();
        for (String prompt : prompts) {
            if (!prompt.contains("\"broken-")) {
                expected.add(Run.json(prompt).path("custom_id").textValue());
            }
        }

        assertThat(completions(firstOut))
                .extracting(completion -> completion.path("custom_id").textValue())
                .containsExactlyElementsOf(expected)
                .doesNotHaveDuplicates();
        assertThat(completions(firstOut)).allSatisfy(completion -> {
            assertThat(Run.text(completion)).isNotBlank();
            assertThat(completion.path("error").isNull()).isTrue();
        });
    }

    @Test
    void theFirstFiveAreTheKnownGreedyContinuations() throws IOException {
        List<JsonNode> samples = Run.jsonLines(Command.testData("fairytales/samples.jsonl"));
        assertThat(samples).hasSize(5);

        for (int i = 0; i < 5; i++) {
            assertThat(Run.json(prompts.get(i)).path("prompt"))
                    .isEqualTo(samples.get(i).path("prompt"));
            assertThat(Run.text(completions(firstOut).get(i)))
                    .isEqualTo(samples.get(i).path("text").textValue());
            assertThat(first.out())
                    .contains(samples.get(i).path("prompt").textValue() + " >>>"
                            + samples.get(i).path("text").textValue());
        }
    }

    @Test
    void deadLettersHaveTheReasonAndTheOriginalBytes() throws IOException {
        List<JsonNode> letters = Run.jsonLines(firstOut.resolve("dead-letters.jsonl"));

        Map<String, String> codes = new TreeMap<>();
        for (JsonNode letter : letters) {
            String value =
                    new String(Base64.getDecoder().decode(letter.path("value").textValue()), UTF_8);
            assertThat(prompts).contains(value);
            String id = value.replaceFirst("^\\{\"custom_id\": \"([^\"]+)\".*", "$1");
            codes.put(id, letter.path("error").path("code").textValue());
            assertThat(letter.path("error").path("message").textValue()).isNotBlank();
            assertThat(first.out())
                    .contains("dead letter (" + codes.get(id) + "): "
                            + letter.path("error").path("message").textValue());
        }
        assertThat(letters).hasSize(5);
        assertThat(codes).isEqualTo(DEAD_LETTERS);
    }

    @Test
    void parallelismLocaleAndPlaceChangeNothing() throws IOException {
        List<JsonNode> ones = completions(firstOut);
        List<JsonNode> others = completions(secondOut);
        assertThat(others).hasSameSizeAs(ones);
        for (int i = 0; i < ones.size(); i++) {
            for (String field : List.of(
                    "/id",
                    "/custom_id",
                    "/choices",
                    "/usage/prompt_tokens",
                    "/usage/completion_tokens",
                    "/model_revision",
                    "/metadata")) {
                assertThat(others.get(i).at(field))
                        .as("%s of line %d", field, i)
                        .isEqualTo(ones.get(i).at(field));
            }
        }
        assertThat(Files.readString(secondOut.resolve("dead-letters.jsonl")).lines())
                .hasSize(5);
        assertThat(completions(secondOut).get(60).path("custom_id").textValue()).isEqualTo("märchen-ü");
    }

    @Test
    void progressGoesToStandardErrorInPlainLines() {
        assertThat(first.err())
                .containsPattern("(?m)^Kafka at localhost:\\d+, Flink's web UI at http://localhost:\\d+, model /")
                .containsPattern("(?m)^prompts \\d+/66, \\d+ tokens/s, ETA \\d+ s$")
                .containsPattern("(?m)^prompts 66/66, \\d+ tokens/s, ETA 0 s$")
                .doesNotContain("\u001b", "\r", "WARN", "ERROR");
        assertThat(first.out()).doesNotContain("ETA");
    }

    private static List<JsonNode> completions(Path out) throws IOException {
        return Run.jsonLines(out.resolve("completions.jsonl"));
    }
}
