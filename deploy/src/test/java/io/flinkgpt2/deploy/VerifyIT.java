package io.flinkgpt2.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code verify} by the launcher, with the bundled model. */
class VerifyIT {

    @TempDir
    private Path directory;

    @Test
    void theBundledModelIsComputedRightlyAndWritesItsSamples() throws Exception {
        List<JsonNode> samples = Run.jsonLines(Command.testData("fairytales/samples.jsonl"));
        ObjectNode expected = new ObjectMapper().createObjectNode();
        ArrayNode cases = expected.putArray("cases");
        samples.forEach(cases::add);
        Path file = Files.writeString(directory.resolve("expected.json"), expected.toString());
        Path text = Files.writeString(directory.resolve("text"), "Once upon a time there was a king's son.");

        Run run = verify("--expected", file.toString())
                .with("--perplexity", text.toString(), "--stride", "4", "--output", "json")
                .run();

        assertThat(run.exitCode()).as(run.out()).isZero();
        List<JsonNode> results = run.json();
        JsonNode summary = results.get(results.size() - 1);
        assertThat(summary.path("model").textValue()).isEqualTo("fairytales");
        assertThat(summary.path("kernels").textValue()).startsWith("vector-");
        assertThat(summary.path("failed").intValue()).isZero();
        assertThat(summary.path("not_run").intValue()).isZero();
        assertThat(results.stream()
                        .filter(result -> result.path("point").asInt() == 12)
                        .map(result -> result.path("result").textValue()))
                .hasSize(samples.size())
                .containsOnly("passed");
        assertThat(results.stream().filter(result -> result.has("bits_per_byte")))
                .singleElement()
                .satisfies(measured ->
                        assertThat(measured.path("bytes").intValue()).isEqualTo(40));
    }

    @Test
    void aFailureIsExitCode1AndNamedOnStandardError() throws Exception {
        Run run = verify("--known-answers", "distilgpt2").run();

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).startsWith("failed: known answers of distilgpt2, number of parameters");
        assertThat(run.out()).contains("layer norm of block 0").endsWith(" 1 not run\n");
    }

    private static Command verify(String... options) {
        return Command.launcher("verify", "--model", Command.bundledModel().toString())
                .with(options);
    }
}
