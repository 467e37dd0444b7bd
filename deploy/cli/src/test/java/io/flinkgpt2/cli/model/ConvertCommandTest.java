package io.flinkgpt2.cli.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.cli.CommandRun;
import io.flinkgpt2.pretrained.Pretrained;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConvertCommandTest {
    private static final Path GOLDEN = Path.of("../../model-core/src/test/resources/golden");

    @TempDir
    Path directory;

    private static String complete(Path model) {
        CommandRun run = CommandRun.withInput(
                "{\"prompt\": [12, 22, 37], \"max_tokens\": 20}\n",
                "complete",
                "--model",
                model.toString(),
                "--max-context",
                "32",
                "--output",
                "json");
        assertThat(run.exitCode()).as(run.err()).isZero();
        return run.out().replaceAll(".*(\"token_ids\":\\[[^]]*]).*\\n", "$1");
    }

    private List<String> names(Path in) throws IOException {
        try (Stream<Path> files = Files.list(in)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nanogpt/ckpt.pt",
                "untied-erf",
                "scaled-sharded-bf16",
                "prefixed-half/pytorch_model.bin",
                "gguf/model-Q4_0.gguf"
            })
    void aCopyCompletesAndVerifiesAsTheModelDoes(String name) throws IOException {
        Path model = GOLDEN.resolve(name);
        Path copy = directory.resolve("copy");
        CommandRun run = CommandRun.of("convert", model.toString(), copy.toString());
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out()).isEmpty();
        assertThat(run.err())
                .contains("Wrote " + copy + ": ")
                .contains(" parameters in float32, ")
                .contains("model.safetensors.");
        assertThat(names(copy))
                .contains("config.json", "model.safetensors")
                .noneMatch(file -> file.endsWith(".partial"));
        assertThat(complete(copy)).startsWith("\"token_ids\":[").isEqualTo(complete(model));
        assertThat(CommandRun.of("verify", "--model", copy.toString(), "--prompt-ids", "12,22,37")
                        .exitCode())
                .isZero();
        assertThat(Pretrained.openConfig(copy)).isEqualTo(Pretrained.openConfig(model));
    }

    @Test
    void takesOverTheFilesOfTheTokenizer() throws IOException {
        Path model = Files.createDirectory(directory.resolve("model"));
        for (String file : List.of("config.json", "model.safetensors")) {
            Files.copy(GOLDEN.resolve("tied-tanh").resolve(file), model.resolve(file));
        }
        Files.writeString(model.resolve("special_tokens_map.json"), "{}");
        Files.writeString(model.resolve("README.md"), "x");
        Path copy = directory.resolve("copy");
        assertThat(CommandRun.of("convert", model.toString(), copy.toString()).exitCode())
                .isZero();
        assertThat(names(copy)).containsExactly("config.json", "model.safetensors", "special_tokens_map.json");
    }

    @Test
    void refusesADirectoryWithSomethingInItBeforeItLoadsTheModel() throws IOException {
        Path full = Files.createDirectory(directory.resolve("full"));
        Path kept = Files.writeString(full.resolve("mine"), "x");
        CommandRun run = CommandRun.of("convert", directory.resolve("no-model").toString(), full.toString());
        assertThat(run.exitCode()).isOne();
        assertThat(run.err())
                .isEqualTo(full + ": found a directory that is not empty, expected an empty directory or nothing;"
                        + " name another place" + System.lineSeparator());
        run = CommandRun.of("convert", directory.resolve("no-model").toString(), kept.toString());
        assertThat(run.err()).startsWith(kept + ": found a file");
        assertThat(kept).hasContent("x");
    }

    @Test
    void aModelThatIsRefusedLeavesNothingBehind() throws IOException {
        Path broken = Files.writeString(directory.resolve("broken.gguf"), "GGUF");
        Path copy = directory.resolve("copy");
        CommandRun run = CommandRun.of("convert", broken.toString(), copy.toString());
        assertThat(run.exitCode()).isOne();
        assertThat(copy).doesNotExist();
    }
}
