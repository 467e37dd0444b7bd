package io.flinkgpt2.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightsFilesTest {
    @TempDir
    Path directory;

    private String describe(Path path) throws IOException {
        try (WeightsFile weights = WeightsFiles.open(path)) {
            return weights.describe();
        }
    }

    private void single() throws IOException {
        WeightsFixtures.write(directory.resolve("model.safetensors"), "a", DType.F32, 1);
    }

    private void sharded() throws IOException {
        WeightsFixtures.write(directory.resolve("shard.safetensors"), "a", DType.F32, 1);
        Files.writeString(
                directory.resolve("model.safetensors.index.json"), "{\"weight_map\":{\"a\":\"shard.safetensors\"}}");
    }

    @Test
    void findsTheSingleFileOfADirectoryFirst() throws IOException {
        sharded();
        assertThat(describe(directory)).isEqualTo("model.safetensors.index.json (1 shard)");
        single();
        assertThat(describe(directory)).isEqualTo("model.safetensors");
    }

    @Test
    void opensAFileByItsEnding() throws IOException {
        sharded();
        assertThat(describe(directory.resolve("shard.safetensors"))).isEqualTo("shard.safetensors");
        assertThat(describe(directory.resolve("model.safetensors.index.json"))).endsWith("(1 shard)");
    }

    @Test
    void namesWhatItLookedForInADirectory() throws IOException {
        Files.writeString(directory.resolve("config.json"), "{}");
        InvalidModelException e = WeightsFixtures.refusal(
                directory, () -> WeightsFiles.open(directory).close());
        assertThat(e.expected()).isEqualTo("model.safetensors, model.safetensors.index.json or one *.gguf");
    }

    @Test
    void namesALinkWhoseTargetIsMissing() throws IOException {
        sharded();
        Path link = directory.resolve("model.safetensors");
        Files.createSymbolicLink(link, Path.of("..", "blobs", "gone"));
        assertThat(WeightsFixtures.refusal(
                                link, () -> WeightsFiles.open(directory).close())
                        .found())
                .isEqualTo("no such file");
    }

    @Test
    void refusesAPathThatIsNotThere() {
        Path path = directory.resolve("gpt2");
        assertThat(WeightsFixtures.refusal(path, () -> WeightsFiles.open(path).close())
                        .found())
                .isEqualTo("no such file");
    }

    @Test
    void refusesAFileOfUnknownFormat() throws IOException {
        Path path = Files.write(directory.resolve("model.onnx"), new byte[100]);
        assertThat(WeightsFixtures.refusal(path, () -> WeightsFiles.open(path).close())
                        .expected())
                .contains(".safetensors.index.json");
    }

    @Test
    void opensAGgufFileByItsContentWhateverItsName() throws IOException {
        Path path = directory.resolve("weights.bin");
        new GgufBytes().tensor("a", 0, new byte[4], 1).write(path);
        assertThat(describe(path)).isEqualTo("weights.bin");
        Path misnamed = Files.copy(path, directory.resolve("b.safetensors"));
        assertThat(describe(misnamed)).isEqualTo("b.safetensors");
    }

    @Test
    void findsTheOneGgufFileOfADirectoryWithoutOtherWeights() throws IOException {
        new GgufBytes().write(directory.resolve("gpt2.gguf"));
        assertThat(describe(directory)).isEqualTo("gpt2.gguf");
        single();
        assertThat(describe(directory)).isEqualTo("model.safetensors");
    }

    @Test
    void refusesToChooseAmongSeveralGgufFiles() throws IOException {
        new GgufBytes().write(directory.resolve("a.gguf"));
        new GgufBytes().write(directory.resolve("b.gguf"));
        InvalidModelException e = WeightsFixtures.refusal(
                directory, () -> WeightsFiles.open(directory).close());
        assertThat(e.found()).isEqualTo("2 files *.gguf");
    }
}
