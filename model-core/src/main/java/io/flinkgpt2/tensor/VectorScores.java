package io.flinkgpt2.tensor;

import static io.flinkgpt2.tensor.Kernels.BLOCK_POSITIONS;
import static io.flinkgpt2.tensor.Kernels.KEY_STRIPE;
import static io.flinkgpt2.tensor.VectorKernels.LANES;
import static io.flinkgpt2.tensor.VectorKernels.SPECIES;

import jdk.incubator.vector.FloatVector;

/**
 * Attention scores on vectors: a lane is a key position. Memory is the limit here, and the heads of a block lie one behind the
 * other: so a method walks through blocks from end to end, and through four of them side by side, for four streams of reads
 * bring more from memory than one.
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
            int heads,
            int headSize,
            int positions,
            float scale) {
        int end = Shapes.wholeStripes(positions);
        int first = 0;
        for (; end - first > 2 * BLOCK_POSITIONS; first += 4 * BLOCK_POSITIONS) {
            for (int h = 0; h < heads; h++) {
                int row = h * scoresStride;
                int query = queriesOffset + h * headSize;
                int head = keysOffset + h * headSize * BLOCK_POSITIONS;
                for (int j = first; j < first + BLOCK_POSITIONS && j < end; j += LANES) {
                    // Where there are fewer than four blocks, the first one takes the places of the others.
                    int j1 = j + BLOCK_POSITIONS < end ? j + BLOCK_POSITIONS : j;
                    int j2 = j + 2 * BLOCK_POSITIONS < end ? j + 2 * BLOCK_POSITIONS : j;
                    int j3 = j + 3 * BLOCK_POSITIONS < end ? j + 3 * BLOCK_POSITIONS : j;
                    scores4Blocks(
                            scores,
                            row,
                            j,
                            j1,
                            j2,
                            j3,
                            queries,
                            query,
                            keys,
                            head + keyOffset(j, headSize),
                            headSize,
                            scale);
                }
            }
        }
        for (; first < end; first += BLOCK_POSITIONS) {
            int count = Math.min(BLOCK_POSITIONS, end - first);
            float[] block = keys[first / BLOCK_POSITIONS];
            scoresOfBlock(
                    scores,
                    first,
                    scoresStride,
                    queries,
                    queriesOffset,
                    block,
                    keysOffset,
                    heads,
                    headSize,
                    count,
                    scale);
        }
    }

    /** The scores of one block. */
    private static void scoresOfBlock(
            float[] scores,
            int first,
            int scoresStride,
            float[] queries,
            int queriesOffset,
            float[] keys,
            int keysOffset,
            int heads,
            int headSize,
            int end,
            float scale) {
        int h = 0;
        for (; h + 4 <= heads; h += 4) {
            int to = h * scoresStride + first;
            int query = queriesOffset + h * headSize;
            int head = keysOffset + h * headSize * BLOCK_POSITIONS;
            for (int j = 0; j < end; j += LANES) {
                int key = head + keyOffset(j, headSize);
                scores4Heads(scores, to + j, scoresStride, queries, query, keys, key, headSize, scale);
            }
        }
        for (; h < heads; h++) {
            int to = h * scoresStride + first;
            int query = queriesOffset + h * headSize;
            int head = keysOffset + h * headSize * BLOCK_POSITIONS;
            for (int j = 0; j < end; j += LANES) {
                scores1(scores, to + j, queries, query, keys, head + keyOffset(j, headSize), headSize, scale);
            }
        }
    }

    /** Where the keys of {@code LANES} positions from {@code position} on begin in those of a head in their block. */
    private static int keyOffset(int position, int headSize) {
        return position % BLOCK_POSITIONS / KEY_STRIPE * KEY_STRIPE * headSize + position % KEY_STRIPE;
    }

    /**
     * One query against a vector of keys of each of four blocks.
     *
     * @param row where the scores of the head begin
     * @param j the first of the positions; {@code j1} to {@code j3} lie whole blocks further on, or are the same
     * @param key where the keys of {@code j} begin in their block
     */
    private static void scores4Blocks(
            float[] scores,
            int row,
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
        a0.mul(scale).intoArray(scores, row + j);
        a1.mul(scale).intoArray(scores, row + j1);
        a2.mul(scale).intoArray(scores, row + j2);
        a3.mul(scale).intoArray(scores, row + j3);
    }

    /** Four neighbouring heads against a vector of keys each. */
    private static void scores4Heads(
            float[] scores,
            int to,
            int toStride,
            float[] queries,
            int query,
            float[] keys,
            int key,
            int headSize,
            float scale) {
        FloatVector a0 = FloatVector.zero(SPECIES);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        int query1 = query + headSize;
        int query2 = query1 + headSize;
        int query3 = query2 + headSize;
        int key1 = key + headSize * BLOCK_POSITIONS;
        int key2 = key1 + headSize * BLOCK_POSITIONS;
        int key3 = key2 + headSize * BLOCK_POSITIONS;
        for (int d = 0; d < headSize; d++) {
            int at = d * KEY_STRIPE;
            FloatVector q0 = FloatVector.broadcast(SPECIES, queries[query + d]);
            a0 = q0.fma(FloatVector.fromArray(SPECIES, keys, key + at), a0);
            FloatVector q1 = FloatVector.broadcast(SPECIES, queries[query1 + d]);
            a1 = q1.fma(FloatVector.fromArray(SPECIES, keys, key1 + at), a1);
            FloatVector q2 = FloatVector.broadcast(SPECIES, queries[query2 + d]);
            a2 = q2.fma(FloatVector.fromArray(SPECIES, keys, key2 + at), a2);
            FloatVector q3 = FloatVector.broadcast(SPECIES, queries[query3 + d]);
            a3 = q3.fma(FloatVector.fromArray(SPECIES, keys, key3 + at), a3);
        }
        a0.mul(scale).intoArray(scores, to);
        a1.mul(scale).intoArray(scores, to + toStride);
        a2.mul(scale).intoArray(scores, to + 2 * toStride);
        a3.mul(scale).intoArray(scores, to + 3 * toStride);
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
