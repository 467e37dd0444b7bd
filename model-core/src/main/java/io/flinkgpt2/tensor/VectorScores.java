package io.flinkgpt2.tensor;

import static io.flinkgpt2.tensor.Kernels.BLOCK_POSITIONS;
import static io.flinkgpt2.tensor.Kernels.KEY_STRIPE;
import static io.flinkgpt2.tensor.VectorKernels.LANES;
import static io.flinkgpt2.tensor.VectorKernels.SPECIES;

import jdk.incubator.vector.FloatVector;

/**
 * Attention scores on vectors: a lane is a key position. Memory is the limit here, and the heads of a stripe of positions lie
 * one behind the other, the stripes of a block too: so a method walks through blocks from end to end. Where there are
 * more than two, it walks through four of them side by side, for that many streams of reads bring more from memory than one.
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
        int first = 0;
        for (; end - first > 2 * BLOCK_POSITIONS; first += 4 * BLOCK_POSITIONS) {
            for (int j = first; j < first + BLOCK_POSITIONS; j += KEY_STRIPE) {
                // Where there are fewer than four blocks, the first one takes the places of the others.
                int j1 = j + BLOCK_POSITIONS < end ? j + BLOCK_POSITIONS : j;
                int j2 = j + 2 * BLOCK_POSITIONS < end ? j + 2 * BLOCK_POSITIONS : j;
                int j3 = j + 3 * BLOCK_POSITIONS < end ? j + 3 * BLOCK_POSITIONS : j;
                int key = keysOffset + j % BLOCK_POSITIONS / KEY_STRIPE * stripeStride;
                for (int h = 0; h < heads; h++) {
                    int to = h * scoresStride;
                    int query = queriesOffset + h * headSize;
                    for (int lane = 0; lane < KEY_STRIPE; lane += LANES) {
                        scores4Blocks(
                                scores, to + lane, j, j1, j2, j3, queries, query, keys, key + lane, headSize, scale);
                    }
                    key += headSize * KEY_STRIPE;
                }
            }
        }
        for (int j = first; j < end; j += KEY_STRIPE) {
            float[] block = keys[j / BLOCK_POSITIONS];
            int key = keysOffset + j % BLOCK_POSITIONS / KEY_STRIPE * stripeStride;
            for (int h = 0; h < heads; h++) {
                int to = h * scoresStride + j;
                int query = queriesOffset + h * headSize;
                for (int lane = 0; lane < KEY_STRIPE; lane += LANES) {
                    scores1(scores, to + lane, queries, query, block, key + lane, headSize, scale);
                }
                key += headSize * KEY_STRIPE;
            }
        }
    }

    /**
     * One query against a vector of keys of each of four blocks.
     *
     * @param to where the scores of the head begin, and the lanes that are computed in each stripe
     * @param j the first position of the first block's stripe; {@code j1} to {@code j3} lie whole blocks further on, or are
     *     the same
     * @param key where the keys begin in each block
     */
    private static void scores4Blocks(
            float[] scores,
            int to,
            int j,
            int j1,
            int j2,
            int j3,
            float[] queries,
            int query,
            float[][] keys,
            int key,
            int headSize,
            float scale) {
        float[] keys0 = keys[j / BLOCK_POSITIONS];
        float[] keys1 = keys[j1 / BLOCK_POSITIONS];
        float[] keys2 = keys[j2 / BLOCK_POSITIONS];
        float[] keys3 = keys[j3 / BLOCK_POSITIONS];
        FloatVector a0 = FloatVector.zero(SPECIES);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        for (int d = 0; d < headSize; d++) {
            FloatVector q = FloatVector.broadcast(SPECIES, queries[query + d]);
            a0 = q.fma(FloatVector.fromArray(SPECIES, keys0, key), a0);
            a1 = q.fma(FloatVector.fromArray(SPECIES, keys1, key), a1);
            a2 = q.fma(FloatVector.fromArray(SPECIES, keys2, key), a2);
            a3 = q.fma(FloatVector.fromArray(SPECIES, keys3, key), a3);
            key += KEY_STRIPE;
        }
        a0.mul(scale).intoArray(scores, to + j);
        a1.mul(scale).intoArray(scores, to + j1);
        a2.mul(scale).intoArray(scores, to + j2);
        a3.mul(scale).intoArray(scores, to + j3);
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
