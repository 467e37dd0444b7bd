package io.flinkgpt2.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShardedWeightsTest {
    private static final String A = "model-00001-of-00002.safetensors";
    private static final String B = "model-00002-of-00002.safetensors";

    @TempDir
    Path root;

    private Path directory;
    private Path index;

    @BeforeEach
    void twoShards() throws IOException {
        directory = Files.createDirectory(root.resolve("model"));
        index = directory.resolve("model.safetensors.index.json");
        WeightsFixtures.write(directory.resolve(A), "a", DType.F32, 1, 2);
        WeightsFixtures.write(directory.resolve(B), "b", DType.F16, 3);
    }

    private void index(String json) throws IOException {
        Files.writeString(index, json);
    }

    private void weightMap(String... tensorsAndShards) throws IOException {
        index(IntStream.range(0, tensorsAndShards.length / 2)
                .mapToObj(i -> "\"" + tensorsAndShards[2 * i] + "\":\"" + tensorsAndShards[2 * i + 1] + "\"")
                .collect(Collectors.joining(",", "{\"metadata\":{\"total_size\":0},\"weight_map\":{", "}}")));
    }

    private InvalidModelException refusal() {
        return WeightsFixtures.refusal(index, () -> ShardedWeights.open(index).close());
    }

    @Test
    void rule1_7_readsEachTensorFromItsShardInTheOrderOfShardsAndData() throws IOException {
        weightMap("b", B, "a", A);
        try (ShardedWeights weights = ShardedWeights.open(index)) {
            assertThat(weights.tensors().values())
                    .containsExactly(TensorInfo.of("a", DType.F32, 2), TensorInfo.of("b", DType.F16, 1));
            assertThat(WeightsFixtures.values(weights, "a")).containsExactly(1, 2);
            assertThat(WeightsFixtures.values(weights, "b")).containsExactly(3);
            assertThat(weights.describe()).isEqualTo("model.safetensors.index.json (2 shards)");
            assertThatThrownBy(() -> weights.tensors().clear()).isInstanceOf(UnsupportedOperationException.class);
            assertThat(WeightsFixtures.refusal(index, () -> weights.read("c", (values, length, start) -> {}))
                            .subject())
                    .isEqualTo("tensor 'c'");
        }
    }

    @Test
    void countsASingleShard() throws IOException {
        weightMap("a", A);
        try (ShardedWeights weights = ShardedWeights.open(index)) {
            assertThat(weights.describe()).endsWith("(1 shard)");
        }
    }

    @Test
    void closesAllShards() throws IOException {
        weightMap("a", A, "b", B);
        ShardedWeights weights = ShardedWeights.open(index);
        weights.close();
        for (String tensor : new String[] {"a", "b"}) {
            assertThatThrownBy(() -> weights.read(tensor, (values, length, start) -> {}))
                    .isInstanceOf(IOException.class)
                    .hasCauseInstanceOf(ClosedChannelException.class);
        }
    }

    @Test
    void closesTheFirstShardWhenTheSecondIsRefused() throws IOException {
        weightMap("a", A, "b", B);
        Files.write(directory.resolve(B), new byte[3]);
        UnixOperatingSystemMXBean system = (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        InvalidModelException first = WeightsFixtures.refusal(
                directory.resolve(B), () -> ShardedWeights.open(index).close());
        assertThat(first.subject()).isEqualTo("header length");
        long before = system.getOpenFileDescriptorCount();
        for (int i = 0; i < 200; i++) {
            assertThatThrownBy(() -> ShardedWeights.open(index).close()).isInstanceOf(InvalidModelException.class);
        }
        // Other threads of the JVM may open a file meanwhile, but not 200.
        assertThat(system.getOpenFileDescriptorCount()).isLessThan(before + 100);
    }

    @Test
    void followsLinksOutOfTheDirectoryAsInTheHubsCache() throws IOException {
        Path blobs = Files.createDirectory(root.resolve("blobs"));
        Files.move(directory.resolve(A), blobs.resolve("0123abcd"));
        Files.createSymbolicLink(directory.resolve(A), Path.of("..", "blobs", "0123abcd"));
        weightMap("a", A, "b", B);
        try (WeightsFile weights = WeightsFiles.open(directory)) {
            assertThat(WeightsFixtures.values(weights, "a")).containsExactly(1, 2);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../model/" + A,
                "./" + A,
                "/" + A,
                "sub/" + A,
                "..",
                ".",
                "",
                "..\\\\" + A,
                "C:" + A,
                ".safetensors",
                "pytorch_model.bin",
                "nul\\u0000.safetensors"
            })
    void refusesAShardNameThatIsNotPlain(String shard) throws IOException {
        weightMap("a", shard);
        assertThat(refusal().subject()).isEqualTo("weight_map, shard");
    }

    @Test
    void refusesAShardThatIsNotThere() throws IOException {
        weightMap("a", A, "c", "model-00003-of-00003.safetensors");
        Path missing = directory.resolve("model-00003-of-00003.safetensors");
        assertThat(WeightsFixtures.refusal(
                                missing, () -> ShardedWeights.open(index).close())
                        .found())
                .isEqualTo("no such file");
    }

    @Test
    void refusesATensorThatItsShardDoesNotHold() throws IOException {
        weightMap("a", A, "b", B, "c", B);
        InvalidModelException e = refusal();
        assertThat(e.subject()).isEqualTo("tensor 'c'");
        assertThat(e.found()).contains(B);
    }

    @Test
    void refusesATensorThatIsInAnotherShard() throws IOException {
        weightMap("a", B, "b", A);
        InvalidModelException e = refusal();
        assertThat(e.subject()).isEqualTo("tensor 'a'");
        assertThat(e.found()).contains(A);
        assertThat(e.found()).contains(B);
    }

    @Test
    void rule1_7_readsATensorThatTheMapDoesNotName() throws IOException {
        String c = "model-00003-of-00003.safetensors";
        try (SafeTensorsWriter writer = SafeTensorsWriter.create(
                directory.resolve(c),
                List.of(TensorInfo.of("c", DType.F32, 1), TensorInfo.of("extra", DType.F32, 1)))) {
            writer.write("c", new float[] {4}, 0, 1);
            writer.write("extra", new float[] {5}, 0, 1);
            writer.finish();
        }
        weightMap("a", A, "b", B, "c", c);
        try (ShardedWeights weights = ShardedWeights.open(index)) {
            assertThat(weights.tensors()).containsOnlyKeys("a", "b", "c", "extra");
            assertThat(WeightsFixtures.values(weights, "extra")).containsExactly(5);
        }
    }

    @Test
    void rule1_7_readsATensorThatIsTheSameInTwoShards() throws IOException {
        Files.copy(directory.resolve(A), directory.resolve(B), StandardCopyOption.REPLACE_EXISTING);
        for (String[] map : new String[][] {{"a", B, "a2", A}, {"a", A}}) {
            try (SafeTensorsWriter writer = SafeTensorsWriter.create(
                    directory.resolve(A),
                    List.of(TensorInfo.of("a", DType.F32, 2), TensorInfo.of("a2", DType.F32, 1)))) {
                writer.write("a", new float[] {1, 2}, 0, 2);
                writer.write("a2", new float[] {3}, 0, 1);
                writer.finish();
            }
            weightMap(map);
            try (ShardedWeights weights = ShardedWeights.open(index)) {
                assertThat(WeightsFixtures.values(weights, "a")).containsExactly(1, 2);
            }
        }
    }

    @Test
    void saysThatAnIndexIsAGitLfsPointer() throws IOException {
        index("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
        assertThat(refusal()).hasMessageContaining("Git LFS pointer");
    }

    @Test
    void refusesATensorThatIsInTwoShards() throws IOException {
        WeightsFixtures.write(directory.resolve(B), "a", DType.F32, 1, 3);
        weightMap("a", A, "b", B);
        InvalidModelException e = refusal();
        assertThat(e.subject()).isEqualTo("tensor 'a'");
        assertThat(e.found()).contains(A).contains(B);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{",
                "{}",
                "{\"weight_map\":{}}",
                "{\"weight_map\":[]}",
                "{\"weight_map\":{\"a\":1}}",
                "{\"weight_map\":{\"a\":\"" + A + "\"}}x",
                "{\"weight_map\":{\"a\":\"" + A + "\",\"a\":\"" + A + "\"}}",
                "{\"weight_map\":{\"a\":\"" + A + "\"},\"weight_map\":{\"a\":\"" + A + "\"}}"
            })
    void refusesAnIndexThatIsNotOne(String json) throws IOException {
        index(json);
        assertThat(refusal().subject()).containsAnyOf("index", "weight_map");
    }

    @Test
    void passesOverTheRestOfTheIndex() throws IOException {
        index("{\"x\":[1,{\"y\":[null]},\"z\"],\"weight_map\":{\"a\":\"" + A
                + "\"},\"metadata\":{\"total_size\":1.5e300}}");
        try (ShardedWeights weights = ShardedWeights.open(index)) {
            assertThat(weights.tensors()).containsOnlyKeys("a");
        }
    }

    @Test
    void refusesAnIndexOfTooManyNamesShardsOrBytesForLittleMemory() throws IOException {
        index(IntStream.range(0, 400_000)
                .mapToObj(i -> "{\"a\":0,\"b\":0,\"c\":" + i + "}")
                .collect(Collectors.joining(",", "{\"metadata\":[", "]}")));
        assertThat(refusal().found()).isEqualTo("more than 65536 names");
        index(IntStream.range(0, 1_025)
                .mapToObj(i -> "\"t" + i + "\":\"" + i + ".safetensors\"")
                .collect(Collectors.joining(",", "{\"weight_map\":{", "}}")));
        assertThat(refusal().found()).isEqualTo("1025 shards");
        index(" ".repeat(ShardedWeights.MAX_INDEX_BYTES + 1));
        assertThat(refusal().subject()).isEqualTo("index");
    }

    @Test
    void refusesAnIndexThatIsNotThere() {
        assertThat(refusal().found()).isEqualTo("no such file");
    }
}
