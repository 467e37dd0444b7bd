package io.flinkgpt2.cli.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.cli.CommandRun;
import io.flinkgpt2.weights.SafeTensorsWriter;
import io.flinkgpt2.weights.TensorInfo;
import io.flinkgpt2.weights.WeightsFile;
import io.flinkgpt2.weights.WeightsFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code verify} in this JVM: what it prints, and that damage is found and named. */
class VerifyCommandTest {

    private static final Path TEST_DATA = Path.of("../../model-core/src/test/resources");
    private static final Path GOLDEN = TEST_DATA.resolve("golden/tied-tanh");
    private static final Path FAIRYTALES = Path.of("../models/fairytales");
    private static final ObjectMapper MAPPER = new ObjectMapper();

    @TempDir
    private Path directory;

    private static CommandRun verify(Path model, Object... options) {
        List<String> arguments = new ArrayList<>(List.of("verify", "--model", model.toString()));
        Arrays.stream(options).map(String::valueOf).forEach(arguments::add);
        return CommandRun.of(arguments.toArray(new String[0]));
    }

    private static JsonNode result(List<JsonNode> lines, String name) {
        return lines.stream()
                .filter(line -> line.path("name").asText().startsWith(name))
                .findFirst()
                .orElseThrow();
    }

    private Path copy(Path model) throws IOException {
        try (Stream<Path> files = Files.list(model)) {
            for (Path file : files.toList()) {
                Files.copy(file, directory.resolve(file.getFileName().toString()));
            }
        }
        return directory;
    }

    /** The bundled model's samples, which have texts too, as expected values. */
    private Path samples() throws IOException {
        ObjectNode expected = MAPPER.createObjectNode();
        ArrayNode cases = expected.putArray("cases");
        try (MappingIterator<JsonNode> lines = MAPPER.readerFor(JsonNode.class)
                .readValues(TEST_DATA.resolve("fairytales/samples.jsonl").toFile())) {
            lines.forEachRemaining(cases::add);
        }
        Path file = directory.resolve("samples.json");
        MAPPER.writeValue(file.toFile(), expected);
        return file;
    }

    @Test
    void theTableHasTheTwelvePointsAndTheSelfChecks() {
        CommandRun run = verify(GOLDEN, "--expected", GOLDEN.resolve("expected.json"));

        assertThat(run.exitCode()).isZero();
        assertThat(run.err()).isEmpty();
        List<String> lines = run.out().lines().toList();
        assertThat(lines.get(0))
                .startsWith(GOLDEN.toAbsolutePath().normalize() + ", revision ")
                .contains(", f32, ");
        assertThat(lines).contains("case 1", "case 4", "self-checks");
        assertThat(run.out())
                .containsPattern(
                        "(?m)^ 1  layer norm of block 0 +5 x 48 +0\\.68197\\d .* expected +\\d\\.\\de-\\d\\d +6\\.2e-05  passed$")
                .containsPattern("(?m)^12  end to end text +20 +244 914 914 914 +expected +passed$")
                .containsPattern("(?m)^    logits cached = recomputed +9 x 1003 .* passed$")
                .doesNotContainPattern("(?m) $");
        assertThat(lines.get(lines.size() - 1)).matches("\\d+ passed, 0 failed, 1 not run");
    }

    @Test
    void withoutExpectedValuesADefaultPromptIsShown() {
        CommandRun own = verify(FAIRYTALES);
        CommandRun small = verify(GOLDEN);

        assertThat(own.exitCode()).isZero();
        assertThat(own.out()).contains("prompt [7454, 2402, 257, 640, 612, 373]", "float64", "end to end text");
        assertThat(small.exitCode()).isZero();
        assertThat(small.out()).contains("prompt [1, 2, 3, 4, 5]");
    }

    @Test
    void thePromptCanBeChosen() {
        assertThat(verify(FAIRYTALES, "--prompt", "Hello world").out()).contains("prompt [15496, 995]");
        assertThat(verify(GOLDEN, "--prompt-ids", "7,8,9").out()).contains("prompt [7, 8, 9]");
    }

    @Test
    void forMachinesThereIsAnObjectALineAndASummary() {
        CommandRun run = verify(GOLDEN, "--output", "json");

        List<JsonNode> lines = run.json();
        JsonNode norm = result(lines, "layer norm of block 0");
        assertThat(norm.get("group").textValue()).isEqualTo("prompt [1, 2, 3, 4, 5]");
        assertThat(norm.get("point").intValue()).isEqualTo(1);
        assertThat(norm.get("shape")).hasToString("[5,48]");
        assertThat(norm.get("first_values")).hasSize(4);
        assertThat(norm.get("against").textValue()).isEqualTo("float64");
        assertThat(norm.get("difference").doubleValue()).isBetween(0.0, 1e-5);
        assertThat(norm.get("tolerance").doubleValue()).isBetween(1e-5, 1e-4);
        assertThat(norm.get("result").textValue()).isEqualTo("passed");
        JsonNode summary = lines.get(lines.size() - 1);
        assertThat(summary.get("model").textValue()).isEqualTo("tied-tanh");
        assertThat(summary.get("precision").textValue()).isEqualTo("f32");
        assertThat(summary.get("passed").intValue() + summary.get("not_run").intValue())
                .isEqualTo(lines.size() - 1);
    }

    @ParameterizedTest
    @CsvSource({
        "h.0.ln_1.weight, 'case 1, point 1, layer norm of block 0'",
        "h.0.mlp.c_proj.bias, 'case 1, point 6, feed-forward output of block 0'",
        "h.2.attn.c_proj.weight, 'case 1, point 9, logits of the last position'",
        "wte.weight, 'case 1, point 9, logits of the last position'"
    })
    void aChangedWeightFailsAndThePointIsNamed(String tensor, String named) throws IOException {
        Path model = changed(GOLDEN, tensor);

        CommandRun run = verify(model, "--expected", GOLDEN.resolve("expected.json"));

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("failed: ").contains(named);
        assertThat(run.out()).containsPattern(" failed\\R    value \\d+: found ");
    }

    /** A copy in which the first weight of a tensor is another. */
    private Path changed(Path from, String tensorName) throws IOException {
        Files.copy(from.resolve("config.json"), directory.resolve("config.json"));
        try (WeightsFile file = WeightsFiles.open(from)) {
            List<TensorInfo> tensors = List.copyOf(file.tensors().values());
            assertThat(tensors).extracting(TensorInfo::name).contains(tensorName);
            try (SafeTensorsWriter writer = SafeTensorsWriter.create(directory.resolve("model.safetensors"), tensors)) {
                for (TensorInfo tensor : tensors) {
                    file.read(tensor.name(), (values, length, start) -> {
                        boolean first = start == 0 && tensor.name().equals(tensorName);
                        values[0] += first ? 0.5f : 0;
                        write(writer, tensor, values, length);
                    });
                }
                writer.finish();
            }
        }
        return directory;
    }

    private static void write(SafeTensorsWriter writer, TensorInfo tensor, float[] values, int length) {
        try {
            writer.write(tensor.name(), values, 0, length);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void theExpectedValuesOfAnotherModelAreRefusedOrFail() {
        Path other = GOLDEN.resolveSibling("untied-erf");
        CommandRun refused = verify(other, "--expected", GOLDEN.resolve("expected.json"));
        CommandRun noSuchCases =
                verify(GOLDEN, "--expected", GOLDEN.resolveSibling("gguf").resolve("expected.json"));
        CommandRun failed = verify(
                GOLDEN.resolveSibling("gguf").resolve("model-Q4_0.gguf"),
                "--expected",
                rename(GOLDEN.resolveSibling("gguf").resolve("expected.json")));

        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.err())
                .contains("expected.json: document.cases[0], ", "of the model")
                .hasLineCount(1);
        assertThat(noSuchCases.exitCode()).isEqualTo(1);
        assertThat(noSuchCases.err())
                .contains("'tied-tanh': found no cases", "model-Q4_0.gguf")
                .hasLineCount(1);
        assertThat(failed.exitCode()).isEqualTo(1);
        assertThat(failed.err()).contains("failed: case 1, point 9, logits of the last position");
    }

    /** Gives the values of one quantisation out for those of another. */
    private Path rename(Path expected) {
        try {
            ObjectNode root = (ObjectNode) MAPPER.readTree(expected.toFile());
            ObjectNode files = (ObjectNode) root.get("files");
            files.set("model-Q4_0.gguf", files.get("model-Q8_0.gguf"));
            Path renamed = directory.resolve("renamed.json");
            MAPPER.writeValue(renamed.toFile(), root);
            return renamed;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void theBundledModelWritesItsSamplesAndWithAnotherVocabularyItFails() throws IOException {
        Path samples = samples();
        CommandRun right = verify(FAIRYTALES, "--expected", samples);
        Path model = copy(FAIRYTALES);
        Path toy = TEST_DATA.resolve("golden/tokenizer/toy");
        for (String name : List.of("vocab.json", "merges.txt")) {
            Files.copy(toy.resolve(name), model.resolve(name));
        }
        CommandRun wrong = verify(model, "--expected", samples);

        assertThat(right.err()).isEmpty();
        assertThat(right.exitCode()).isZero();
        assertThat(right.out()).containsPattern("token ids of the prompt .* passed");
        assertThat(wrong.exitCode()).isEqualTo(1);
        assertThat(wrong.err())
                .contains("failed: case 1, token ids of the prompt", "failed: case 1, point 12, end to end text");
    }

    @Test
    void aVocabularyThatIsTooLargeForTheModelFails() throws IOException {
        Path model = copy(GOLDEN.resolveSibling("unscaled"));
        Path toy = TEST_DATA.resolve("golden/tokenizer/toy");
        for (String name : List.of("vocab.json", "merges.txt")) {
            Files.copy(toy.resolve(name), model.resolve(name));
        }

        CommandRun run = verify(model, "--prompt-ids", "1,2,3");

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).isEqualTo("failed: self-checks, vocabulary within the model" + System.lineSeparator());
    }

    @Test
    void thePublishedAnswersOfAnotherModelFailAndWhatIsNotRunIsListed() {
        CommandRun run = verify(FAIRYTALES, "--known-answers", "gpt2");

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.out())
                .contains("known answers of gpt2", "number of parameters")
                .contains("needs beam search", "needs a repetition penalty");
        assertThat(run.err()).contains("failed: known answers of gpt2, number of parameters");
    }

    @Test
    void perplexityIsMeasuredWithWhatIsNeededToRepeatIt() throws IOException {
        Path text = Files.writeString(
                directory.resolve("text"),
                "Once upon a time there was a king who had three daughters, and the youngest was so beautiful that the sun"
                        + " itself was astonished whenever it shone in her face.");

        CommandRun table = verify(FAIRYTALES, "--perplexity", text, "--stride", 8, "--max-context", 16);
        CommandRun json =
                verify(FAIRYTALES, "--perplexity", text, "--stride", 8, "--max-context", 16, "--output", "json");

        assertThat(table.exitCode()).isZero();
        assertThat(table.err()).contains("perplexity: 32 of 32 tokens");
        assertThat(table.out())
                .containsPattern("158 bytes, 32 tokens, 31 scored in 3 windows of 16, stride 8; 2\\.8470 nats a token");
        JsonNode measured = result(json.json(), "perplexity of ");
        assertThat(measured.get("perplexity").doubleValue()).isBetween(10.0, 100.0);
        assertThat(Math.log(measured.get("perplexity").doubleValue()))
                .isCloseTo(measured.get("nats_per_token").doubleValue(), within(1e-9));
        assertThat(measured.get("bytes").intValue()).isEqualTo(158);
        assertThat(measured.get("window").intValue()).isEqualTo(16);
    }

    @Test
    void aTextThatCannotBeMeasuredIsNamed() throws IOException {
        Path notUtf8 = Files.write(directory.resolve("bytes"), new byte[] {'a', (byte) 0xFF});
        Path tooShort = Files.writeString(directory.resolve("short"), "a");
        Path foreign = Files.writeString(directory.resolve("foreign"), "Hello world");

        assertFailsWith(verify(GOLDEN, "--perplexity", notUtf8), notUtf8 + ": found bytes that are not UTF-8");
        assertFailsWith(verify(FAIRYTALES, "--perplexity", tooShort), tooShort + ": text: found 1 tokens");
        assertFailsWith(verify(GOLDEN, "--perplexity", foreign), foreign + ": this model takes token ids only");
        assertFailsWith(verify(GOLDEN, "--perplexity", directory.resolve("none")), "none: found nothing there");
    }

    private static void assertFailsWith(CommandRun run, String message) {
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--known-answers gpt3|--known-answers: found 'gpt3', expected one of [gpt2, distilgpt2,",
                "--max-context 65|--max-context: found 65, expected 1..64",
                "--perplexity x --stride 65|--stride: found 65, expected 1..64",
                "--perplexity x --stride 0|--stride: found 0",
                "--stride 4|Missing required argument",
                "--prompt-ids 1003|token id at index 0: found 1003, expected 0..1002",
                "--prompt Hello|this model takes token ids only",
                "--prompt x --expected y|mutually exclusive",
                "--activation tanh|--activation: found 'tanh', expected one of [gelu,",
                "--precision f64|Invalid value for option '--precision'",
                "--output xml|Invalid value for option '--output'",
            })
    void wrongUsageEndsWith2(String options, String message) {
        CommandRun run = verify(GOLDEN, (Object[]) options.split(" "));

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err().lines()).hasSize(2).first().asString().contains(message);
    }

    @Test
    void aModelThatIsNotThereIsOneLineAndCode1() {
        CommandRun run = verify(directory.resolve("none"));

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("none").hasLineCount(1);
    }

    @Test
    void rule1_9_bfloat16WeightsOfABfloat16ModelAreTheGoldenOnes() {
        Path model = GOLDEN.resolveSibling("scaled-sharded-bf16");

        CommandRun run = verify(model, "--expected", model.resolve("expected.json"), "--precision", "bf16");

        assertThat(run.err()).isEmpty();
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).contains(", bf16, ");
    }

    @ParameterizedTest
    @CsvSource({"bf16", "int8"})
    void aReducedPrecisionIsComputedRightlyAndDiffersFromTheGoldenValues(String precision) {
        CommandRun alone = verify(GOLDEN, "--precision", precision);
        CommandRun compared = verify(GOLDEN, "--expected", GOLDEN.resolve("expected.json"), "--precision", precision);

        assertThat(alone.err()).isEmpty();
        assertThat(alone.exitCode()).isZero();
        assertThat(compared.exitCode()).isEqualTo(1);
        assertThat(compared.err()).contains("point 2, QKV of block 0");
    }
}
