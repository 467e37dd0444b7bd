package io.flinkgpt2.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

    private InvalidModelException refusalWith(String... files) throws IOException {
        for (String file : files) {
            Files.createDirectories(directory.resolve(file).getParent());
            Files.writeString(directory.resolve(file), "x");
        }
        return WeightsFixtures.refusal(
                directory, () -> WeightsFiles.open(directory).close());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "config.json my-finetune.safetensors training_args.bin | weights under other names: 'my-finetune.safetensors'"
                        + " | /my-finetune.safetensors, or rename it",
                "config.json model.fp16.safetensors | weights under other names: 'model.fp16.safetensors'"
                        + " | /model.fp16.safetensors, or rename it",
                "adapter_config.json adapter_model.safetensors | an adapter alone: 'adapter_config.json',"
                        + " 'adapter_model.safetensors' | merge_and_unload()",
                "model-00001-of-00002.safetensors | shards without their index: 'model-00001-of-00002.safetensors'"
                        + " | *.index.json",
                "config.json tf_model.h5 | weights of another library: 'tf_model.h5' | from_tf=True",
                "config.json checkpoint-5/model.safetensors checkpoint-9/model.gguf | none here, but some in 'checkpoint-5',"
                        + " 'checkpoint-9' | /checkpoint-5",
                "snapshots/0a1/model.safetensors snapshots/9f/config.json | the top folder of a hub's cache, whose models are in"
                        + " snapshots/ | /snapshots/0a1",
                "config.json training_args.bin | a directory without them | convert its weights to safetensors",
            })
    void saysWhatADirectoryHoldsInPlaceOfWeightsAndTheWayOut(String files, String found, String advice)
            throws IOException {
        InvalidModelException e = refusalWith(files.split(" "));
        assertThat(e.found()).isEqualTo(found);
        assertThat(e.advice()).contains(advice);
        assertThat(e.expected()).startsWith("model.safetensors or");
    }

    @Test
    void namesTheSnapshotThatTheMainBranchIsAt() throws IOException {
        Files.createDirectories(directory.resolve("refs"));
        Files.writeString(directory.resolve("refs/main"), "9f\n");
        assertThat(refusalWith("snapshots/0a1/config.json", "snapshots/9f/config.json")
                        .advice())
                .endsWith(directory.resolve("snapshots/9f").toString());
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
        assertThat(e.found()).isEqualTo("2 files *.gguf: 'a.gguf', 'b.gguf'");
        assertThat(e.advice()).endsWith(directory.resolve("a.gguf").toString());
        Files.move(directory.resolve("a.gguf"), directory.resolve("m-00001-of-00002.gguf"));
        Files.move(directory.resolve("b.gguf"), directory.resolve("m-00002-of-00002.gguf"));
        assertThat(WeightsFixtures.refusal(
                                directory, () -> WeightsFiles.open(directory).close())
                        .advice())
                .contains("llama-gguf-split --merge " + directory.resolve("m-00001-of-00002.gguf"));
    }
}
