package io.flinkgpt2.tensor;

import static io.flinkgpt2.tensor.Kernels.BLOCK_POSITIONS;
import static io.flinkgpt2.tensor.VectorKernels.LANES;
import static io.flinkgpt2.tensor.VectorKernels.SPECIES;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Weighted values on vectors: a lane is a channel. Memory is the limit here, and the heads of a block lie one behind the
 * other: so a method walks through blocks from end to end, in the order of the positions, which is the order of the sum.
 * Two rows or two blocks side by side were no faster.
 */
final class VectorValues {

    private VectorValues() {}

    /** {@link Kernels#weightedValues}. */
    static void weightedValues(
            float[] out,
            int outOffset,
            float[] weights,
            int weightsStride,
            float[][] values,
            int valuesOffset,
            int heads,
            int headSize,
            int positions) {
        Arrays.fill(out, outOffset, outOffset + heads * headSize, 0f);
        for (int first = 0; first < positions; first += BLOCK_POSITIONS) {
            float[] block = values[first / BLOCK_POSITIONS];
            int count = Math.min(BLOCK_POSITIONS, positions - first);
            for (int h = 0; h < heads; h++) {
                int to = outOffset + h * headSize;
                int weight = h * weightsStride + first;
                int value = valuesOffset + h * headSize * BLOCK_POSITIONS;
                int d = 0;
                for (; d + 4 * LANES <= headSize; d += 4 * LANES) {
                    values4(out, to + d, weights, weight, block, value + d, headSize, count);
                }
                for (; d + LANES <= headSize; d += LANES) {
                    values1(out, to + d, weights, weight, block, value + d, headSize, count);
                }
                for (; d < headSize; d++) {
                    float a = out[to + d];
                    for (int j = 0; j < count; j++) {
                        a = Math.fma(weights[weight + j], block[value + j * headSize + d], a);
                    }
                    out[to + d] = a;
                }
            }
        }
    }

    /** Four vectors of channels. */
    private static void values4(
            float[] out, int to, float[] weights, int weight, float[] values, int value, int headSize, int positions) {
        FloatVector a0 = FloatVector.fromArray(SPECIES, out, to);
        FloatVector a1 = FloatVector.fromArray(SPECIES, out, to + LANES);
        FloatVector a2 = FloatVector.fromArray(SPECIES, out, to + 2 * LANES);
        FloatVector a3 = FloatVector.fromArray(SPECIES, out, to + 3 * LANES);
        for (int j = 0; j < positions; j++) {
            FloatVector w = FloatVector.broadcast(SPECIES, weights[weight + j]);
            a0 = w.fma(FloatVector.fromArray(SPECIES, values, value), a0);
            a1 = w.fma(FloatVector.fromArray(SPECIES, values, value + LANES), a1);
            a2 = w.fma(FloatVector.fromArray(SPECIES, values, value + 2 * LANES), a2);
            a3 = w.fma(FloatVector.fromArray(SPECIES, values, value + 3 * LANES), a3);
            value += headSize;
        }
        a0.intoArray(out, to);
        a1.intoArray(out, to + LANES);
        a2.intoArray(out, to + 2 * LANES);
        a3.intoArray(out, to + 3 * LANES);
    }

    /** One vector of channels. */
    private static void values1(
            float[] out, int to, float[] weights, int weight, float[] values, int value, int headSize, int positions) {
        FloatVector a = FloatVector.fromArray(SPECIES, out, to);
        for (int j = 0; j < positions; j++) {
            a = FloatVector.broadcast(SPECIES, weights[weight + j])
                    .fma(FloatVector.fromArray(SPECIES, values, value), a);
            value += headSize;
        }
        a.intoArray(out, to);
    }
}
