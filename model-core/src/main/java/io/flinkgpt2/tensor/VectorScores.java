package io.flinkgpt2.tensor;

import static io.flinkgpt2.tensor.Kernels.BLOCK_POSITIONS;
import static io.flinkgpt2.tensor.Kernels.KEY_STRIPE;
import static io.flinkgpt2.tensor.VectorKernels.LANES;
import static io.flinkgpt2.tensor.VectorKernels.SPECIES;

import jdk.incubator.vector.FloatVector;

/**
 * Attention scores on vectors: a lane is a key position. Memory is the limit here, and the heads of a stripe of positions lie
 * one behind the other, the stripes of a block too: so a method walks through blocks from end to end, two side by side, for
 * two streams of reads bring more from memory than one. Four bring as much where the memory is ours alone, and less where
 * others use it too.
 */
final class VectorScores {

    private VectorScores() {}

    /** {@link Kernels#attentionScores}. */
    static void attentionScores(
            float[] scores,
            int scoresStride,
            float[] queries,
            int queriesOffset,
            float[][] keys,
            int keysOffset,
            int stripeStride,
            int heads,
            int headSize,
            int positions,
            float scale) {
        int end = Shapes.wholeStripes(positions);
        for (int first = 0; first < end; first += 2 * BLOCK_POSITIONS) {
            int firstEnd = Math.min(end, first + BLOCK_POSITIONS);
            for (int j = first; j < firstEnd; j += KEY_STRIPE) {
                float[] keys0 = keys[j / BLOCK_POSITIONS];
                int j1 = j + BLOCK_POSITIONS;
                float[] keys1 = j1 < end ? keys[j1 / BLOCK_POSITIONS] : null;
                int key = keysOffset + j % BLOCK_POSITIONS / KEY_STRIPE * stripeStride;
                for (int h = 0; h < heads; h++) {
                    int to = h * scoresStride;
                    int query = queriesOffset + h * headSize;
                    for (int lane = 0; lane < KEY_STRIPE; lane += LANES) {
                        if (keys1 == null) {
                            scores1(scores, to + lane + j, queries, query, keys0, key + lane, headSize, scale);
                        } else {
                            scores2(
                                    scores,
                                    to + lane + j,
                                    to + lane + j1,
                                    queries,
                                    query,
                                    keys0,
                                    keys1,
                                    key + lane,
                                    headSize,
                                    scale);
                        }
                    }
                    key += headSize * KEY_STRIPE;
                }
            }
        }
    }

    /** One query against a vector of keys of each of two blocks. */
    private static void scores2(
            float[] scores,
            int to0,
            int to1,
            float[] queries,
            int query,
            float[] keys0,
            float[] keys1,
            int key,
            int headSize,
            float scale) {
        FloatVector a0 = FloatVector.zero(SPECIES);
        FloatVector a1 = a0;
        for (int d = 0; d < headSize; d++) {
            FloatVector q = FloatVector.broadcast(SPECIES, queries[query + d]);
            a0 = q.fma(FloatVector.fromArray(SPECIES, keys0, key), a0);
            a1 = q.fma(FloatVector.fromArray(SPECIES, keys1, key), a1);
            key += KEY_STRIPE;
        }
        a0.mul(scale).intoArray(scores, to0);
        a1.mul(scale).intoArray(scores, to1);
    }

    /** One query against one vector of keys. */
    private static void scores1(
            float[] scores, int to, float[] queries, int query, float[] keys, int key, int headSize, float scale) {
        FloatVector a = FloatVector.zero(SPECIES);
        for (int d = 0; d < headSize; d++) {
            a = FloatVector.broadcast(SPECIES, queries[query + d]).fma(FloatVector.fromArray(SPECIES, keys, key), a);
            key += KEY_STRIPE;
        }
        a.mul(scale).intoArray(scores, to);
    }
}
