package io.flinkgpt2.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafeTensorsTest {
    @TempDir
    Path directory;

    private Path file(byte[] content) throws IOException {
        return Files.write(directory.resolve("model.safetensors"), content);
    }

    private Path file(String header, byte... data) throws IOException {
        return file(WeightsFixtures.safeTensors(header, data));
    }

    @Test
    void tensorsIterateInTheOrderOfTheirData() throws IOException {
        Path file = file("""
                {"c":{"dtype":"F32","shape":[1],"data_offsets":[2,6]},
                 "b":{"dtype":"F16","shape":[1],"data_offsets":[0,2]},
                 "empty":{"dtype":"F32","shape":[3,0],"data_offsets":[2,2]},
                 "a":{"shape":[],"data_offsets":[6,8],"dtype":"BF16"}}\s\s\s""", new byte[] {0, 0x3c, 0, 0, 0, (byte) 0x80, (byte) 0x80, 0x3f});
        try (SafeTensors weights = SafeTensors.open(file)) {
            assertThat(weights.tensors()).containsOnlyKeys("a", "b", "c", "empty");
            assertThat(weights.tensors().keySet()).containsExactly("b", "empty", "c", "a");
            assertThat(WeightsFixtures.values(weights, "b")).containsExactly(1f);
            assertThat(WeightsFixtures.bits(WeightsFixtures.values(weights, "c")))
                    .containsExactly(0x8000_0000);
            assertThat(WeightsFixtures.values(weights, "a")).containsExactly(1f);
            assertThat(WeightsFixtures.values(weights, "empty")).isEmpty();
            assertThatThrownBy(() -> weights.tensors().remove("a")).isInstanceOf(UnsupportedOperationException.class);
        }
    }

    @Test
    void aFileWithoutTensorsIsValid() throws IOException {
        try (SafeTensors weights = SafeTensors.open(file("{}"))) {
            assertThat(weights.tensors()).isEmpty();
        }
    }

    @Test
    void rule1_7_doublesAreRoundedToFloats() throws IOException {
        double[] stored = {1, 0.1, -1e-50, 1e300, 16_777_217, Double.NaN};
        ByteBuffer data = ByteBuffer.allocate(48).order(ByteOrder.LITTLE_ENDIAN);
        data.asDoubleBuffer().put(stored);
        Path file = file("{\"w\":{\"dtype\":\"F64\",\"shape\":[6],\"data_offsets\":[0,48]}}", data.array());
        for (int bufferBytes : new int[] {8, 20, TensorStream.BUFFER_BYTES}) {
            try (SafeTensors weights = SafeTensors.open(file, bufferBytes)) {
                assertThat(WeightsFixtures.values(weights, "w"))
                        .containsExactly(1, 0.1f, -0f, Float.POSITIVE_INFINITY, 16_777_216, Float.NaN);
            }
        }
    }

    @Test
    void theHeaderIsReadAsTheFormatsLibraryReadsIt() throws IOException {
        Path file = file(
                "{\"__metadata__\":null,\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],"
                        + "\"note\":{\"a\":[1,null]}}}",
                new byte[4]);
        try (SafeTensors weights = SafeTensors.open(file)) {
            assertThat(weights.tensors().values()).containsExactly(TensorInfo.of("w", DType.F32, 1));
        }
    }

    @Test
    void metadataOfAnyLengthIsPassedOver() throws IOException {
        String header = "{\"__metadata__\":{\"format\":\"pt\",\"training\":\"" + "é".repeat(200_000) + "\"},"
                + "\"w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}\n ";
        try (SafeTensors weights = SafeTensors.open(file(header, (byte) 1))) {
            assertThat(weights.tensors()).containsOnlyKeys("w");
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.MATCH_NONE, names = "I?Q.*")
    void everyTypeOfTheFormatCanBeDescribed(DType dtype) throws IOException {
        byte[] data = new byte[(int) dtype.byteCount(4)];
        Path file = file(
                "{\"w\":{\"dtype\":\"" + dtype + "\",\"shape\":[4],\"data_offsets\":[0," + data.length + "]}}", data);
        try (SafeTensors weights = SafeTensors.open(file)) {
            assertThat(weights.tensors()).containsEntry("w", TensorInfo.of("w", dtype, 4));
        }
    }

    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.MATCH_NONE,
            names = {"F64", "F32", "F16", "BF16", "I?Q.*"})
    void refusesToReadOtherTypesAsFloats(DType dtype) throws IOException {
        byte[] data = new byte[(int) dtype.byteCount(4)];
        Path file = file(
                "{\"h.0.attn.bias\":{\"dtype\":\"" + dtype + "\",\"shape\":[4],\"data_offsets\":[0," + data.length
                        + "]}}",
                data);
        try (SafeTensors weights = SafeTensors.open(file)) {
            InvalidModelException e =
                    WeightsFixtures.refusal(file, () -> weights.read("h.0.attn.bias", (values, length, start) -> {}));
            assertThat(e.subject()).isEqualTo("tensor 'h.0.attn.bias'");
            assertThat(e.found()).isEqualTo("dtype " + dtype);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = "I?Q.*")
    void ggmlsTypesAreNoneOfTheFormat(DType dtype) throws IOException {
        byte[] data = new byte[dtype.blockBytes()];
        Path file = file(
                "{\"w\":{\"dtype\":\"" + dtype + "\",\"shape\":[" + dtype.blockElements() + "],\"data_offsets\":[0,"
                        + data.length + "]}}",
                data);
        InvalidModelException e =
                WeightsFixtures.refusal(file, () -> SafeTensors.open(file).close());
        assertThat(e.subject()).isEqualTo("tensor 'w', dtype");
        assertThat(e.found()).isEqualTo("'" + dtype + "'");
    }

    @Test
    void refusesToReadATensorThatIsNotThere() throws IOException {
        Path file = file("{}");
        try (SafeTensors weights = SafeTensors.open(file)) {
            InvalidModelException e =
                    WeightsFixtures.refusal(file, () -> weights.read("wte", (values, length, start) -> {}));
            assertThat(e.subject()).isEqualTo("tensor 'wte'");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 6, 8, 12, 40, 148, 4 * 37, 4 * 37 + 1, 1 << 20})
    void valuesAndBytesAreTheSameWhateverTheBuffer(int bufferBytes) throws IOException {
        float[] written = new float[37];
        for (int i = 0; i < written.length; i++) {
            written[i] = i * 0.5f - 9;
        }
        for (DType dtype : new DType[] {DType.F32, DType.F16, DType.BF16}) {
            Path file = directory.resolve(dtype + ".safetensors");
            WeightsFixtures.write(file, "w", dtype, written);
            ByteArrayOutputStream stored = new ByteArrayOutputStream();
            List<Integer> lengths = new ArrayList<>();
            try (SafeTensors weights = SafeTensors.open(file, bufferBytes)) {
                assertThat(WeightsFixtures.values(weights, "w")).containsExactly(written);
                weights.read("w", new TensorSink() {
                    @Override
                    public void bytes(ByteBuffer raw) {
                        assertThat(raw.hasArray()).isTrue();
                        assertThat(raw.order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
                        byte[] piece = new byte[raw.remaining()];
                        raw.get(piece);
                        stored.writeBytes(piece);
                    }

                    @Override
                    public void values(float[] values, int length, long start) {
                        assertThat(stored.size()).isEqualTo((start + length) * dtype.blockBytes());
                        lengths.add(length);
                    }
                });
            }
            byte[] all = Files.readAllBytes(file);
            assertThat(stored.toByteArray())
                    .containsExactly(Arrays.copyOfRange(all, all.length - stored.size(), all.length));
            int piece = Math.min(37, Math.max(1, bufferBytes / dtype.blockBytes()));
            assertThat(lengths.subList(0, lengths.size() - 1)).allMatch(length -> length == piece);
            assertThat(lengths).hasSize((37 + piece - 1) / piece);
        }
    }

    @Test
    void threadsReadTheSameFileAtOnce() throws Exception {
        int tensors = 6;
        int elements = 50_000;
        Path file = directory.resolve("model.safetensors");
        List<TensorInfo> infos = new ArrayList<>();
        for (int t = 0; t < tensors; t++) {
            infos.add(TensorInfo.of("t" + t, DType.F32, elements));
        }
        SplittableRandom random = new SplittableRandom(7);
        float[][] written = new float[tensors][elements];
        try (SafeTensorsWriter writer = SafeTensorsWriter.create(file, infos)) {
            for (int t = 0; t < tensors; t++) {
                for (int i = 0; i < elements; i++) {
                    written[t][i] = (float) random.nextDouble();
                }
                writer.write("t" + t, written[t], 0, elements);
            }
            writer.finish();
        }
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (SafeTensors weights = SafeTensors.open(file, 1_000)) {
            List<Future<float[]>> reads = new ArrayList<>();
            for (int i = 0; i < 4 * tensors; i++) {
                String name = "t" + i % tensors;
                reads.add(threads.submit(() -> WeightsFixtures.values(weights, name)));
            }
            for (int i = 0; i < reads.size(); i++) {
                assertThat(reads.get(i).get()).isEqualTo(written[i % tensors]);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void saysSoWhenTheFileWasCutAfterItWasOpened() throws IOException {
        Path file = directory.resolve("model.safetensors");
        WeightsFixtures.write(file, "w", DType.F32, new float[100]);
        try (SafeTensors weights = SafeTensors.open(file, 64)) {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(channel.size() - 10);
            }
            InvalidModelException e =
                    WeightsFixtures.refusal(file, () -> weights.read("w", (values, length, start) -> {}));
            assertThat(e.subject()).isEqualTo("tensor 'w'");
            assertThat(e.found()).isEqualTo("the file's end at byte " + Files.size(file));
        }
    }

    @Test
    void saysSoWhenTheFileWasClosed() throws IOException {
        Path file = directory.resolve("model.safetensors");
        WeightsFixtures.write(file, "w", DType.F32, 1);
        SafeTensors weights = SafeTensors.open(file);
        weights.close();
        weights.close();
        assertThatThrownBy(() -> weights.read("w", (values, length, start) -> {}))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining("'w'")
                .hasCauseInstanceOf(ClosedChannelException.class);
    }

    @Test
    void anInterruptedReaderGetsAnErrorThatKeepsTheCause() throws IOException {
        Path file = directory.resolve("model.safetensors");
        WeightsFixtures.write(file, "w", DType.F32, 1);
        try (SafeTensors weights = SafeTensors.open(file)) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> weights.read("w", (values, length, start) -> {}))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("'w'")
                    .hasCauseInstanceOf(ClosedByInterruptException.class);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void whatTheSinkThrowsComesThrough() throws IOException {
        Path file = directory.resolve("model.safetensors");
        WeightsFixtures.write(file, "w", DType.F32, 1);
        RuntimeException thrown = new IllegalStateException("sink");
        try (SafeTensors weights = SafeTensors.open(file)) {
            assertThatThrownBy(() -> weights.read("w", (values, length, start) -> {
                        throw thrown;
                    }))
                    .isSameAs(thrown);
        }
    }

    @Test
    void readsATensorThatLiesBeyondTwoGigabytes() throws IOException {
        long begin = 5_000_000_000L;
        Path file = sparse(
                "{\"hole\":{\"dtype\":\"U8\",\"shape\":[" + begin + "],\"data_offsets\":[0," + begin + "]},"
                        + "\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[" + begin + "," + (begin + 4)
                        + "]}}",
                begin,
                new byte[] {0, 0, (byte) 0xc0, 0x3f});
        try (SafeTensors weights = SafeTensors.open(file)) {
            assertThat(WeightsFixtures.values(weights, "w")).containsExactly(1.5f);
        }
    }

    @Test
    @Tag("full")
    void streamsATensorOfMoreThanTwoGigabytes() throws IOException {
        long elements = (1L << 30) + 1_000_003;
        Path file = sparse(
                "{\"w\":{\"dtype\":\"BF16\",\"shape\":[" + elements + "],\"data_offsets\":[0," + 2 * elements + "]}}",
                2 * elements - 2,
                new byte[] {(byte) 0x80, 0x3f});
        long[] next = {0};
        double[] sum = {0};
        try (SafeTensors weights = SafeTensors.open(file)) {
            weights.read("w", (values, length, start) -> {
                assertThat(start).isEqualTo(next[0]);
                next[0] += length;
                for (int i = 0; i < length; i++) {
                    sum[0] += (double) values[i] * (start + i);
                }
            });
        }
        assertThat(next[0]).isEqualTo(elements);
        assertThat(sum[0]).isEqualTo(elements - 1.0);
    }

    /** A file whose data are zero but for its last bytes, which take the only room on the disk. */
    private Path sparse(String header, long lastOffset, byte[] last) throws IOException {
        byte[] head = WeightsFixtures.safeTensors(header);
        Path file = directory.resolve("sparse.safetensors");
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            channel.write(ByteBuffer.wrap(head), 0);
            channel.write(ByteBuffer.wrap(last), head.length + lastOffset);
        }
        return file;
    }
}
