package io.flinkgpt2.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafeTensorsWriterTest {
    @TempDir
    Path directory;

    private Path file;

    @BeforeEach
    void nameTheFile() {
        file = directory.resolve("model.safetensors");
    }

    @Test
    void float32ComesBackBitForBit() throws IOException {
        float[] values = new float[300_007];
        Random random = new Random(1);
        for (int i = 0; i < values.length; i++) {
            values[i] = Float.intBitsToFloat(random.nextInt());
        }
        float[] special = {
            0f,
            -0f,
            Float.MIN_VALUE,
            -Float.MIN_VALUE,
            0x1p-127f,
            Float.MIN_NORMAL,
            Float.MAX_VALUE,
            Float.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY,
            Float.NaN
        };
        System.arraycopy(special, 0, values, 0, special.length);
        WeightsFixtures.write(file, "w", DType.F32, values);
        assertThat(WeightsFixtures.bits(readBack())).isEqualTo(WeightsFixtures.bits(values));
    }

    @Test
    void binary16AndBfloat16ComeBackRounded() throws IOException {
        float[] values = {1f, -0f, 1.0001f, 65504f, 65520f, 3e-8f, -1e-30f, Float.NEGATIVE_INFINITY, 0x1p-24f};
        WeightsFixtures.write(file, "w", DType.F16, values);
        assertThat(WeightsFixtures.bits(readBack()))
                .isEqualTo(WeightsFixtures.bits(
                        1f,
                        -0f,
                        1f,
                        65504f,
                        Float.POSITIVE_INFINITY,
                        0x1p-24f,
                        -0f,
                        Float.NEGATIVE_INFINITY,
                        0x1p-24f));
        WeightsFixtures.write(file, "w", DType.BF16, 1f, -0f, 0x1.01p0f, 0x1.03p0f, Float.MIN_VALUE, 0x1p-130f);
        assertThat(WeightsFixtures.bits(readBack()))
                .isEqualTo(WeightsFixtures.bits(1f, -0f, 1f, 0x1.04p0f, 0f, 0x1p-130f));
    }

    @Test
    void halfPrecisionTensorsLargerThanTheBufferComeBack() throws IOException {
        float[] values = new float[700_001];
        for (int i = 0; i < values.length; i++) {
            values[i] = i % 256 - 128;
        }
        for (DType dtype : new DType[] {DType.F16, DType.BF16}) {
            WeightsFixtures.write(file, "w", dtype, values);
            assertThat(readBack()).isEqualTo(values);
        }
    }

    private float[] readBack() throws IOException {
        try (SafeTensors weights = SafeTensors.open(file)) {
            return WeightsFixtures.values(weights, "w");
        }
    }

    @Test
    void aNaiveReaderSeesNamesTypesShapesAndValues() throws IOException {
        List<TensorInfo> tensors = List.of(
                TensorInfo.of("zeta", DType.F32, 2, 3),
                TensorInfo.of("leer \"ü\" 😀\n", DType.F32, 0, 5),
                TensorInfo.of("alpha", DType.BF16, 3),
                TensorInfo.of("scalar", DType.F16));
        try (SafeTensorsWriter writer = SafeTensorsWriter.create(file, tensors)) {
            writer.write("zeta", new float[] {9, 1, 2, 3}, 1, 3);
            writer.write("zeta", new float[0], 0, 0);
            writer.write("zeta", new float[] {4, 5, 6, 9}, 0, 3);
            writer.write("alpha", new float[] {7, 8, 9}, 0, 3);
            writer.write("scalar", new float[] {0.5f}, 0, 1);
            writer.finish();
        }
        NaiveSafeTensors naive = new NaiveSafeTensors(file);
        assertThat(naive.values.keySet())
                .containsExactlyElementsOf(
                        tensors.stream().map(TensorInfo::name).toList());
        assertThat(naive.values.get("zeta")).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(naive.values.get("alpha")).containsExactly(7, 8, 9);
        assertThat(naive.values.get("scalar")).containsExactly(0.5f);
        for (TensorInfo tensor : tensors) {
            assertThat(naive.dtypes).containsEntry(tensor.name(), tensor.dtype().name());
            assertThat(naive.shapes).containsEntry(tensor.name(), tensor.shape());
        }
        try (SafeTensors weights = SafeTensors.open(file)) {
            assertThat(weights.tensors().values()).containsExactlyElementsOf(tensors);
        }
    }

    @Test
    void theHeaderIsPaddedSoThatTheDataAreAligned() throws IOException {
        for (int length = 1; length <= 9; length++) {
            WeightsFixtures.write(file, "n".repeat(length), DType.F32, 1);
            byte[] all = Files.readAllBytes(file);
            long header = ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN).getLong();
            assertThat(header % 8).isZero();
            assertThat(all).hasSize((int) (8 + header + 4));
            assertThat(new String(all, 8, (int) header, StandardCharsets.UTF_8).stripTrailing())
                    .startsWith("{\"__metadata__\":{\"format\":\"pt\"},")
                    .endsWith("}}");
        }
    }

    @Test
    void theTargetAppearsOnlyWhenFinished() throws IOException {
        Files.writeString(file, "before");
        try (SafeTensorsWriter writer = SafeTensorsWriter.create(file, List.of(TensorInfo.of("w", DType.F32, 1)))) {
            writer.write("w", new float[1], 0, 1);
            assertThat(file).hasContent("before");
            writer.finish();
            assertThat(readBack()).containsExactly(0f);
        }
        assertThat(filesInDirectory()).containsExactly(file);
    }

    @Test
    void anUnfinishedWriterLeavesNothingBehind() throws IOException {
        try (SafeTensorsWriter writer = SafeTensorsWriter.create(file, List.of(TensorInfo.of("w", DType.F32, 2)))) {
            writer.write("w", new float[1], 0, 1);
            assertThat(filesInDirectory()).hasSize(1);
            assertThatThrownBy(writer::finish)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("'w': found 1 values written, expected 2");
        }
        assertThat(filesInDirectory()).isEmpty();
    }

    @Test
    void refusesToWriteQuantisedTypesWhichTheFormatDoesNotHave() {
        assertThatThrownBy(() -> SafeTensorsWriter.create(file, List.of(TensorInfo.of("w", DType.Q8_0, 32))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'w': found dtype Q8_0");
    }

    @Test
    void refusesTensorsOutOfTurnAndTooManyValues() throws IOException {
        List<TensorInfo> tensors = List.of(TensorInfo.of("a", DType.F32, 2), TensorInfo.of("b", DType.F32, 1));
        try (SafeTensorsWriter writer = SafeTensorsWriter.create(file, tensors)) {
            assertThatThrownBy(() -> writer.write("b", new float[1], 0, 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("'b', expected tensor 'a'");
            assertThatThrownBy(() -> writer.write("a", new float[3], 0, 3))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("found 3 values, expected at most 2");
            assertThatThrownBy(() -> writer.write("a", new float[3], 2, 2))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            writer.write("a", new float[2], 0, 2);
            writer.write("b", new float[1], 0, 1);
            assertThatThrownBy(() -> writer.write("b", new float[1], 0, 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("all are complete");
            writer.finish();
        }
    }

    @Test
    void refusesTensorsThatMakeNoReadableFile() throws IOException {
        assertRefused("INT", TensorInfo.of("INT", DType.I32, 1));
        assertRefused("found the name 'a' twice", TensorInfo.of("a", DType.F32, 1), TensorInfo.of("a", DType.F32, 1));
        assertRefused("__metadata__", TensorInfo.of("__metadata__", DType.F32, 1));
        assertRefused("whole characters", TensorInfo.of("\ud800", DType.F32, 1));
        assertRefused("multiple of its size", TensorInfo.of("a", DType.F16, 1), TensorInfo.of("b", DType.F32, 1));
        assertRefused("valid header", TensorInfo.of("a", DType.F32, 1L << 60), TensorInfo.of("b", DType.F32, 1L << 60));
        assertRefused("more than 64", TensorInfo.of("a", DType.F32, new long[65]));
        assertRefused(
                "names",
                IntStream.range(0, 20_000)
                        .mapToObj(i -> TensorInfo.of("t" + i, DType.F32, 0))
                        .toArray(TensorInfo[]::new));
        assertThat(filesInDirectory()).isEmpty();
    }

    private void assertRefused(String message, TensorInfo... tensors) {
        assertThatThrownBy(
                        () -> SafeTensorsWriter.create(file, List.of(tensors)).close())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void saysSoWhenItCannotWrite() throws IOException {
        Path nowhere = directory.resolve("none").resolve("model.safetensors");
        assertThatThrownBy(() -> SafeTensorsWriter.create(nowhere, List.of()).close())
                .isInstanceOf(IOException.class)
                .hasMessageContaining(nowhere.toString());
        SafeTensorsWriter closed = SafeTensorsWriter.create(file, List.of(TensorInfo.of("w", DType.F32, 1)));
        closed.close();
        assertThatThrownBy(() -> closed.write("w", new float[1], 0, 1))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file.toString())
                .hasCauseInstanceOf(ClosedChannelException.class);
    }

    @Test
    void saysSoWhenTheTargetCannotBeReplaced() throws IOException {
        Files.createDirectories(file.resolve("occupied"));
        try (SafeTensorsWriter writer = SafeTensorsWriter.create(file, List.of())) {
            assertThatThrownBy(writer::finish)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(file.toString())
                    .hasCauseInstanceOf(IOException.class);
        }
        assertThat(filesInDirectory()).containsExactly(file);
    }

    private List<Path> filesInDirectory() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }
}
