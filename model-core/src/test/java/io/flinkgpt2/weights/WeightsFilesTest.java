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
    void findsACheckpointOfADirectoryAfterSafetensorsAndBeforeItsShards() throws IOException {
        Files.write(
                directory.resolve("shard.bin"),
                TorchFixtures.zip(TorchFixtures.stateDict()).bytes());
        Files.writeString(
                directory.resolve("pytorch_model.bin.index.json"),
                "{\"weight_map\":{\"w\":\"shard.bin\",\"b\":\"shard.bin\"}}");
        assertThat(describe(directory)).isEqualTo("pytorch_model.bin.index.json (1 shard)");
        Files.write(
                directory.resolve("pytorch_model.bin"),
                TorchFixtures.zip(TorchFixtures.stateDict()).bytes());
        assertThat(describe(directory)).isEqualTo("pytorch_model.bin");
        sharded();
        assertThat(describe(directory)).isEqualTo("model.safetensors.index.json (1 shard)");
    }

    @Test
    void tellsFilesByTheirContentWhateverTheirNames() throws IOException {
        sharded();
        Path renamed = directory.resolve("pytorch_model.bin");
        Files.copy(directory.resolve("shard.safetensors"), renamed);
        assertThat(opened(renamed)).isEqualTo(SafeTensors.class);
        Path index = Files.copy(directory.resolve("model.safetensors.index.json"), directory.resolve("blob"));
        assertThat(opened(index)).isEqualTo(ShardedWeights.class);
        Path zip = Files.write(
                directory.resolve("zip.safetensors"),
                TorchFixtures.zip(TorchFixtures.stateDict()).bytes());
        assertThat(opened(zip)).isEqualTo(TorchCheckpoint.class);
        Path older = Files.write(
                directory.resolve("older.index.json"),
                TorchFixtures.older(TorchFixtures.stateDict(), TorchFixtures.storages()));
        assertThat(opened(older)).isEqualTo(TorchCheckpoint.class);
    }

    private static Class<?> opened(Path file) throws IOException {
        try (WeightsFile weights = WeightsFiles.open(file)) {
            return weights.getClass();
        }
    }

    @Test
    void doesNotTakeTheLengthOfAHeaderForAPickle() throws IOException {
        String header = "{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}";
        // 0x0280 bytes: the first two of the file are those of a pickle of protocol 2.
        byte[] content = WeightsFixtures.safeTensors(header + " ".repeat(0x0280 - header.length()));
        assertThat(opened(Files.write(directory.resolve("model"), content))).isEqualTo(SafeTensors.class);
    }

    @Test
    void leavesADamagedFileToTheReaderOfWhatItIsMeantToBe() throws IOException {
        Path tensors = Files.write(directory.resolve("a.safetensors"), new byte[3]);
        assertThat(WeightsFixtures.refusal(
                                tensors, () -> WeightsFiles.open(tensors).close())
                        .subject())
                .isEqualTo("header length");
        Path index = Files.write(directory.resolve("a.index.json"), new byte[0]);
        assertThat(WeightsFixtures.refusal(index, () -> WeightsFiles.open(index).close())
                        .subject())
                .isEqualTo("index");
    }

    @Test
    void namesWhatItLookedForInADirectory() throws IOException {
        Files.writeString(directory.resolve("config.json"), "{}");
        InvalidModelException e = WeightsFixtures.refusal(
                directory, () -> WeightsFiles.open(directory).close());
        assertThat(e.expected())
                .isEqualTo("model.safetensors or model.safetensors.index.json or pytorch_model.bin"
                        + " or pytorch_model.bin.index.json or ckpt.pt or one *.gguf");
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
                        .found())
                .isEqualTo("a file of unknown format that begins with the bytes 00 00 00 00 00 00 00 00 00");
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
