package io.flinkgpt2.weights;

import static io.flinkgpt2.weights.TorchFixtures.dict;
import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.weights.PickleWriter.Storage;
import io.flinkgpt2.weights.PickleWriter.Tensor;
import io.flinkgpt2.weights.TorchFixtures.Floats;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tensors that do not lie in a row: transposed, sliced, expanded. */
class TorchStridesTest {
    @TempDir
    Path directory;

    /** Elements 0, 1, 2 and so on. */
    private static Floats counting(int numel) {
        return new Floats(
                "0", IntStream.range(0, numel).mapToObj(i -> (float) i).toList());
    }

    private static Tensor view(int numel, long offset, Object[] shape, Object... stride) {
        return new Tensor(new Storage("FloatStorage", "0", numel), offset, shape, stride);
    }

    private static Object[] shape(Object... sizes) {
        return sizes;
    }

    private Path zip(Map<Object, Object> root, Floats storage) throws IOException {
        return Files.write(
                directory.resolve("zip.bin"),
                TorchFixtures.zipOf(PickleWriter.pickle(root), storage).bytes());
    }

    private Path older(Map<Object, Object> root, Floats storage) throws IOException {
        return Files.write(directory.resolve("older.bin"), TorchFixtures.older(root, storage));
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 8, 40, 1 << 20})
    void rule1_7_readsViewsRowMajorInBothForms(int bufferBytes) throws IOException {
        var root = dict(
                "transposed", view(12, 0, shape(4, 3), 1, 4),
                "rows", view(12, 1, shape(3, 2), 4, 1),
                "every second", view(12, 1, shape(5), 2),
                "jumps", view(40, 0, shape(2, 2), 1, 20),
                "expanded", view(12, 7, shape(3, 2), 0, 1),
                "all one", view(12, 11, shape(2, 2), 0, 0),
                "permuted", view(24, 0, shape(2, 3, 4), 1, 2, 6),
                "single", view(12, 2, shape(1, 3, 1), 99, 4, 99));
        root.replaceAll((name, tensor) -> {
            Tensor t = (Tensor) tensor;
            return new Tensor(new Storage("FloatStorage", "0", 40), t.offset(), t.size(), t.stride());
        });
        for (Path file : List.of(zip(root, counting(40)), older(root, counting(40)))) {
            try (TorchCheckpoint weights = TorchCheckpoint.open(file, bufferBytes)) {
                assertThat(weights.tensors().get("transposed").shape()).containsExactly(4L, 3L);
                assertThat(WeightsFixtures.values(weights, "transposed"))
                        .containsExactly(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11);
                assertThat(WeightsFixtures.values(weights, "rows")).containsExactly(1, 2, 5, 6, 9, 10);
                assertThat(WeightsFixtures.values(weights, "every second")).containsExactly(1, 3, 5, 7, 9);
                assertThat(WeightsFixtures.values(weights, "jumps")).containsExactly(0, 20, 1, 21);
                assertThat(WeightsFixtures.values(weights, "expanded")).containsExactly(7, 8, 7, 8, 7, 8);
                assertThat(WeightsFixtures.values(weights, "all one")).containsExactly(11, 11, 11, 11);
                assertThat(WeightsFixtures.values(weights, "permuted"))
                        .containsExactly(
                                0, 6, 12, 18, 2, 8, 14, 20, 4, 10, 16, 22, 1, 7, 13, 19, 3, 9, 15, 21, 5, 11, 17, 23);
                assertThat(WeightsFixtures.values(weights, "single")).containsExactly(2, 6, 10);
            }
        }
    }

    /** Whatever the steps and however small the pieces: as the definition of a stride has it, element by element. */
    @Test
    void anyStepsGiveTheElementsThatTheyDefine() throws IOException {
        Random random = new Random(7);
        int numel = 120;
        for (int trial = 0; trial < 200; trial++) {
            int[] shape = random.ints(1 + random.nextInt(4), 1, 5).toArray();
            int[] stride = random.ints(shape.length, 0, 12).toArray();
            int last = IntStream.range(0, shape.length)
                    .map(d -> (shape[d] - 1) * stride[d])
                    .sum();
            int offset = last >= numel ? -1 : random.nextInt(numel - last);
            if (offset < 0) {
                continue;
            }
            Path file = zip(dict("t", view(numel, offset, boxed(shape), boxed(stride))), counting(numel));
            List<Float> expected = new ArrayList<>();
            collect(shape, stride, 0, offset, expected);
            try (TorchCheckpoint weights = TorchCheckpoint.open(file, 4 << random.nextInt(9))) {
                float[] found = WeightsFixtures.values(weights, "t");
                assertThat(found)
                        .as("shape %s, stride %s, offset %d", Arrays.toString(shape), Arrays.toString(stride), offset)
                        .isEqualTo(floats(expected));
            }
        }
    }

    private static Object[] boxed(int[] values) {
        return Arrays.stream(values).boxed().toArray();
    }

    private static float[] floats(List<Float> values) {
        float[] floats = new float[values.size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = values.get(i);
        }
        return floats;
    }

    private static void collect(int[] shape, int[] stride, int dimension, int at, List<Float> into) {
        if (dimension == shape.length) {
            into.add((float) at);
            return;
        }
        for (int i = 0; i < shape[dimension]; i++) {
            collect(shape, stride, dimension + 1, at + i * stride[dimension], into);
        }
    }

    @Test
    void theBytesOfATransposedTensorAreThoseOfItsCopy() throws IOException {
        Path file = zip(dict("t", view(6, 0, shape(2, 3), 1, 2)), counting(6));
        ByteArrayOutputStream raw = new ByteArrayOutputStream();
        try (TorchCheckpoint weights = TorchCheckpoint.open(file, 8)) {
            weights.read("t", new TensorSink() {
                @Override
                public void values(float[] values, int length, long start) {
                    // only the bytes are looked at
                }

                @Override
                public void bytes(ByteBuffer bytes) {
                    assertThat(bytes.order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
                    raw.write(bytes.array(), bytes.arrayOffset(), bytes.limit());
                }
            });
        }
        assertThat(raw.toByteArray())
                .isEqualTo(Floats.of("0", 0f, 2f, 4f, 1f, 3f, 5f).bytes());
    }

    @Test
    void readsATransposedMatrixThroughSmallBuffers() throws IOException {
        int rows = 512;
        int columns = 1024;
        Path file = zip(dict("t", view(rows * columns, 0, shape(rows, columns), 1, rows)), counting(rows * columns));
        try (TorchCheckpoint weights = TorchCheckpoint.open(file, 1 << 16)) {
            double[] sum = {0};
            weights.read("t", (values, length, start) -> {
                assertThat(length).isLessThanOrEqualTo((1 << 16) / Float.BYTES);
                for (int i = 0; i < length; i++) {
                    long element = start + i;
                    sum[0] += values[i] == element / columns + element % columns * rows ? 1 : 0;
                }
            });
            assertThat(sum[0]).isEqualTo(rows * columns);
        }
    }
}
