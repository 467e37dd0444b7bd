package io.flinkgpt2.tensor;

import static io.flinkgpt2.tensor.Kernels.BLOCK_POSITIONS;
import static io.flinkgpt2.tensor.VectorKernels.LANES;
import static io.flinkgpt2.tensor.VectorKernels.SPECIES;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Weighted values on vectors: a lane is a channel. Memory is the limit here, and the heads of a block lie one behind the
 * other: so a method walks through blocks from end to end, two side by side, as {@link VectorScores} does. For that a block
 * has a sum of its own.
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
        for (int first = 0; first < positions; first += 2 * BLOCK_POSITIONS) {
            float[] block0 = values[first / BLOCK_POSITIONS];
            int count0 = Math.min(BLOCK_POSITIONS, positions - first);
            int count1 = Math.min(BLOCK_POSITIONS, positions - first - count0);
            // The sum of no values is zero, and changes nothing.
            float[] block1 = count1 > 0 ? values[first / BLOCK_POSITIONS + 1] : block0;
            for (int h = 0; h < heads; h++) {
                int to = outOffset + h * headSize;
                int weight = h * weightsStride + first;
                int value = valuesOffset + h * headSize * BLOCK_POSITIONS;
                int d = 0;
                for (; d + 4 * LANES <= headSize; d += 4 * LANES) {
                    values4(out, to + d, weights, weight, block0, count0, block1, count1, value + d, headSize);
                }
                for (; d + LANES <= headSize; d += LANES) {
                    values1(out, to + d, weights, weight, block0, count0, block1, count1, value + d, headSize);
                }
                for (; d < headSize; d++) {
                    out[to + d] += sum(weights, weight, block0, value + d, headSize, count0);
                    out[to + d] += sum(weights, weight + BLOCK_POSITIONS, block1, value + d, headSize, count1);
                }
            }
        }
    }

    /**
     * Four vectors of channels of two blocks.
     *
     * @param count0 positions of the first block
     * @param count1 of the second, not more than of the first; 0 or more
     */
    private static void values4(
            float[] out,
            int to,
            float[] weights,
            int weight,
            float[] block0,
            int count0,
            float[] block1,
            int count1,
            int value,
            int headSize) {
        FloatVector a0 = FloatVector.zero(SPECIES);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        FloatVector b0 = a0;
        FloatVector b1 = a0;
        FloatVector b2 = a0;
        FloatVector b3 = a0;
        int j = 0;
        for (; j < count1; j++) {
            FloatVector w = FloatVector.broadcast(SPECIES, weights[weight + j]);
            a0 = w.fma(FloatVector.fromArray(SPECIES, block0, value), a0);
            a1 = w.fma(FloatVector.fromArray(SPECIES, block0, value + LANES), a1);
            a2 = w.fma(FloatVector.fromArray(SPECIES, block0, value + 2 * LANES), a2);
            a3 = w.fma(FloatVector.fromArray(SPECIES, block0, value + 3 * LANES), a3);
            FloatVector v = FloatVector.broadcast(SPECIES, weights[weight + BLOCK_POSITIONS + j]);
            b0 = v.fma(FloatVector.fromArray(SPECIES, block1, value), b0);
            b1 = v.fma(FloatVector.fromArray(SPECIES, block1, value + LANES), b1);
            b2 = v.fma(FloatVector.fromArray(SPECIES, block1, value + 2 * LANES), b2);
            b3 = v.fma(FloatVector.fromArray(SPECIES, block1, value + 3 * LANES), b3);
            value += headSize;
        }
        for (; j < count0; j++) {
            FloatVector w = FloatVector.broadcast(SPECIES, weights[weight + j]);
            a0 = w.fma(FloatVector.fromArray(SPECIES, block0, value), a0);
            a1 = w.fma(FloatVector.fromArray(SPECIES, block0, value + LANES), a1);
            a2 = w.fma(FloatVector.fromArray(SPECIES, block0, value + 2 * LANES), a2);
            a3 = w.fma(FloatVector.fromArray(SPECIES, block0, value + 3 * LANES), a3);
            value += headSize;
        }
        FloatVector.fromArray(SPECIES, out, to).add(a0).add(b0).intoArray(out, to);
        to += LANES;
        FloatVector.fromArray(SPECIES, out, to).add(a1).add(b1).intoArray(out, to);
        to += LANES;
        FloatVector.fromArray(SPECIES, out, to).add(a2).add(b2).intoArray(out, to);
        to += LANES;
        FloatVector.fromArray(SPECIES, out, to).add(a3).add(b3).intoArray(out, to);
    }

    /** One vector of channels of two blocks; as {@link #values4}. */
    private static void values1(
            float[] out,
            int to,
            float[] weights,
            int weight,
            float[] block0,
            int count0,
            float[] block1,
            int count1,
            int value,
            int headSize) {
        FloatVector a = FloatVector.zero(SPECIES);
        FloatVector b = a;
        int j = 0;
        for (; j < count1; j++) {
            a = FloatVector.broadcast(SPECIES, weights[weight + j])
                    .fma(FloatVector.fromArray(SPECIES, block0, value), a);
            b = FloatVector.broadcast(SPECIES, weights[weight + BLOCK_POSITIONS + j])
                    .fma(FloatVector.fromArray(SPECIES, block1, value), b);
            value += headSize;
        }
        for (; j < count0; j++) {
            a = FloatVector.broadcast(SPECIES, weights[weight + j])
                    .fma(FloatVector.fromArray(SPECIES, block0, value), a);
            value += headSize;
        }
        FloatVector.fromArray(SPECIES, out, to).add(a).add(b).intoArray(out, to);
    }

    private static float sum(float[] weights, int weight, float[] values, int value, int headSize, int count) {
        float a = 0;
        for (int j = 0; j < count; j++) {
            a = Math.fma(weights[weight + j], values[value + j * headSize], a);
        }
        return a;
    }
}
