package io.flinkgpt2.tensor;

import static io.flinkgpt2.tensor.KvView.BLOCK_POSITIONS;
import static io.flinkgpt2.tensor.VectorKernels.LANES;
import static io.flinkgpt2.tensor.VectorKernels.SPECIES;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Weighted values on vectors: a lane is a channel. Memory is the limit here, and a position is a row: so a method walks through
 * blocks from row to row, two side by side, as {@link VectorScores} does, and the sums, which are few, come from the innermost
 * cache for each two rows and go back to it. Two rows of one block side by side halve the speed.
 */
final class VectorValues {

    private VectorValues() {}

    /** {@link Kernels#weightedValues}. */
    static void weightedValues(
            float[] out, int outOffset, float[] weights, int weightsStride, KvView kv, int firstHead, int heads) {
        float[][] values = kv.blocks;
        int headSize = kv.headSize;
        int rowStride = kv.row;
        int positions = kv.positions;
        int valuesOffset = kv.value(0, firstHead);
        Arrays.fill(out, outOffset, outOffset + heads * headSize, 0f);
        for (int first = 0; first < positions; first += 2 * BLOCK_POSITIONS) {
            float[] block0 = values[first / BLOCK_POSITIONS];
            int count0 = Math.min(BLOCK_POSITIONS, positions - first);
            int count1 = Math.min(BLOCK_POSITIONS, positions - first - count0);
            int row = valuesOffset;
            int j = 0;
            float[] block1 = count1 > 0 ? values[first / BLOCK_POSITIONS + 1] : block0;
            for (; j < count1; j++, row += rowStride) {
                rows2(out, outOffset, weights, first + j, weightsStride, block0, block1, row, heads, headSize);
            }
            for (; j < count0; j++, row += rowStride) {
                row1(out, outOffset, weights, first + j, weightsStride, block0, row, heads, headSize);
            }
        }
    }

    /**
     * Adds a row of each of two blocks.
     *
     * @param weight of the row of the first block and the first head
     */
    private static void rows2(
            float[] out,
            int to,
            float[] weights,
            int weight,
            int weightsStride,
            float[] block0,
            float[] block1,
            int row,
            int heads,
            int headSize) {
        for (int h = 0; h < heads; h++, weight += weightsStride) {
            float w0 = weights[weight];
            float w1 = weights[weight + BLOCK_POSITIONS];
            FloatVector v0 = FloatVector.broadcast(SPECIES, w0);
            FloatVector v1 = FloatVector.broadcast(SPECIES, w1);
            int end = row + headSize;
            for (; row + LANES <= end; row += LANES, to += LANES) {
                FloatVector sum = FloatVector.fromArray(SPECIES, out, to);
                sum = v0.fma(FloatVector.fromArray(SPECIES, block0, row), sum);
                v1.fma(FloatVector.fromArray(SPECIES, block1, row), sum).intoArray(out, to);
            }
            for (; row < end; row++, to++) {
                out[to] = Math.fma(w1, block1[row], Math.fma(w0, block0[row], out[to]));
            }
        }
    }

    /** Adds a row of one block; as {@link #rows2}. */
    private static void row1(
            float[] out,
            int to,
            float[] weights,
            int weight,
            int weightsStride,
            float[] block,
            int row,
            int heads,
            int headSize) {
        for (int h = 0; h < heads; h++, weight += weightsStride) {
            float w = weights[weight];
            FloatVector v = FloatVector.broadcast(SPECIES, w);
            int end = row + headSize;
            for (; row + LANES <= end; row += LANES, to += LANES) {
                v.fma(FloatVector.fromArray(SPECIES, block, row), FloatVector.fromArray(SPECIES, out, to))
                        .intoArray(out, to);
            }
            for (; row < end; row++, to++) {
                out[to] = Math.fma(w, block[row], out[to]);
            }
        }
    }
}
