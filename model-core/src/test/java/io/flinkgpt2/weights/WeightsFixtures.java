package io.flinkgpt2.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What the tests of this package share. */
final class WeightsFixtures {
    /** What opening or refusing any file may allocate. */
    static final long ALLOCATION_LIMIT = Allocation.LIMIT;

    private WeightsFixtures() {}

    static Path golden(String name) {
        try {
            return Path.of(WeightsFixtures.class.getResource("/golden/" + name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(name, e);
        }
    }

    /** A safetensors file's bytes: the header's true length, the header, the data. */
    static byte[] safeTensors(String header, byte... data) {
        return withLength(
                header.getBytes(StandardCharsets.UTF_8).length, header.getBytes(StandardCharsets.UTF_8), data);
    }

    static byte[] withLength(long length, byte[] header, byte... data) {
        return ByteBuffer.allocate(Long.BYTES + header.length + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(length)
                .put(header)
                .put(data)
                .array();
    }

    /** All values of a tensor; fails if the pieces are not ascending and complete. */
    static float[] values(WeightsFile weights, String tensor) throws IOException {
        int count = Math.toIntExact(weights.tensors().get(tensor).elementCount());
        float[] all = new float[count];
        int[] next = {0};
        weights.read(tensor, (values, length, start) -> {
            assertThat(start).isEqualTo(next[0]);
            assertThat(length).isPositive();
            System.arraycopy(values, 0, all, next[0], length);
            next[0] += length;
        });
        assertThat(next[0]).isEqualTo(count);
        return all;
    }

    /** Raw bits, for NaN and -0 must be told apart. */
    static int[] bits(float... values) {
        int[] bits = new int[values.length];
        Arrays.setAll(bits, i -> Float.floatToRawIntBits(values[i]));
        return bits;
    }

    static void write(Path file, String name, DType dtype, float... values) throws IOException {
        try (SafeTensorsWriter writer =
                SafeTensorsWriter.create(file, List.of(TensorInfo.of(name, dtype, values.length)))) {
            writer.write(name, values, 0, values.length);
            writer.finish();
        }
    }

    /** The refusal of a file, which must name the file, be ours, and have cost little. */
    static InvalidModelException refusal(Path file, ThrowingCallable action) {
        InvalidModelException refusal = Allocation.refusal(InvalidModelException.class, action);
        assertThat(refusal).hasMessageContaining(file.toString());
        return refusal;
    }

    /** The refusal of a safetensors file with these bytes. */
    static InvalidModelException refusal(Path directory, byte[] content) throws IOException {
        Path file = Files.write(directory.resolve("hostile.safetensors"), content);
        return refusal(file, () -> SafeTensors.open(file).close());
    }

    static long allocated() {
        return Allocation.soFar();
    }
}
