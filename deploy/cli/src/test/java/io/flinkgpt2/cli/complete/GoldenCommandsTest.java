package io.flinkgpt2.cli.complete;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.cli.CommandRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every golden model, as a folder and by each file of it, through {@code verify} and {@code complete}. */
class GoldenCommandsTest {

    private static final Path GOLDEN = Path.of("../../model-core/src/test/resources/golden");
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** Folders of one model, and all files of weights; a GGUF folder holds several models. */
    static List<String> models() throws IOException {
        List<String> models = new ArrayList<>();
        try (Stream<Path> files = Files.walk(GOLDEN, 2)) {
            for (Path file : files.sorted().toList()) {
                String name = file.getFileName().toString();
                boolean shard = name.matches(".*-\\d+-of-\\d+\\..*");
                boolean folder = Files.exists(file.resolve("config.json"))
                        && !file.getFileName().startsWith("gguf")
                        && !file.getFileName().startsWith("gguf-k");
                if (folder || (name.matches(".*\\.(gguf|bin|safetensors)") && !shard)) {
                    models.add(GOLDEN.relativize(file).toString());
                }
            }
        }
        return models;
    }

    @Test
    void noneIsLeftOut() throws IOException {
        assertThat(models())
                .hasSize(5 + 4 + 4 + 12)
                .contains(
                        "tied-tanh",
                        "tied-tanh/model.safetensors",
                        "prefixed-half/pytorch_model.bin",
                        "prefixed-half/pytorch_model-legacy.bin",
                        "scaled-sharded-bf16",
                        "gguf/model-Q8_0.gguf",
                        "gguf-k/model-Q2_K.gguf");
    }

    private static Path expected(Path model) {
        return (Files.isDirectory(model) ? model : model.getParent()).resolve("expected.json");
    }

    private static JsonNode cases(Path model) throws IOException {
        JsonNode expected = MAPPER.readTree(expected(model).toFile());
        return expected.has("cases")
                ? expected.get("cases")
                : expected.get("files").get(model.getFileName().toString());
    }

    @ParameterizedTest
    @MethodSource("models")
    void
            rule1_7_point1_point2_point3_point4_point5_point6_point7_point8_point9_point10_point11_point12_verifyComparesAllTwelvePointsOfEveryCaseAndPasses(
                    String name) throws IOException {
        Path model = GOLDEN.resolve(name);

        CommandRun run = CommandRun.of(
                "verify",
                "--model",
                model.toString(),
                "--expected",
                expected(model).toString(),
                "--output",
                "json");

        assertThat(run.err()).isEmpty();
        assertThat(run.exitCode()).isZero();
        List<JsonNode> lines = run.json();
        JsonNode summary = lines.get(lines.size() - 1);
        assertThat(summary.get("failed").intValue()).isZero();
        assertThat(summary.get("passed").intValue()).isEqualTo(lines.size() - 2);
        assertThat(lines.stream().filter(line -> line.path("result").asText().equals("not_run")))
                .singleElement()
                .satisfies(line -> assertThat(line.get("name").textValue()).isEqualTo("decoded = encoded text"));
        JsonNode cases = cases(model);
        for (int number = 1; number <= cases.size(); number++) {
            String group = "case " + number;
            assertThat(lines.stream()
                            .filter(line -> line.path("group").asText().equals(group) && line.has("point"))
                            .map(line -> line.get("point").intValue())
                            .distinct())
                    .containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
            assertThat(lines.stream()
                            .filter(line -> line.path("group").asText().equals(group)
                                    && line.get("against").asText().equals("expected"))
                            .map(line -> line.path("point").asInt())
                            .toList())
                    .contains(8, 9, 10, 11, 12);
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void rule1_7_point12_completeGivesTheGoldenTokenIds(String name) throws IOException {
        Path model = GOLDEN.resolve(name);
        JsonNode cases = cases(model);
        StringBuilder requests = new StringBuilder();
        for (JsonNode golden : cases) {
            ObjectNode request = MAPPER.createObjectNode();
            request.set("prompt", golden.get("promptTokenIds"));
            request.put("max_tokens", golden.get("greedyTokenIds").size());
            requests.append(request).append('\n');
        }

        CommandRun run = CommandRun.withInput(
                requests.toString(), "complete", "--model", model.toString(), "--temperature", "0", "--output", "json");

        assertThat(run.err()).isEmpty();
        assertThat(run.exitCode()).isZero();
        List<JsonNode> completions = run.json();
        assertThat(completions).hasSize(cases.size());
        for (int i = 0; i < cases.size(); i++) {
            assertThat(completions.get(i).at("/choices/0/token_ids"))
                    .isEqualTo(cases.get(i).get("greedyTokenIds"));
        }
    }
}
