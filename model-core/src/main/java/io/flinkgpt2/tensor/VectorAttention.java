package io.flinkgpt2.tensor;

import static io.flinkgpt2.tensor.Kernels.BLOCK_POSITIONS;
import static io.flinkgpt2.tensor.Kernels.KEY_STRIPE;
import static io.flinkgpt2.tensor.VectorKernels.LANES;
import static io.flinkgpt2.tensor.VectorKernels.SPECIES;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Attention on vectors: a lane is a key position for the scores, a channel for the output. Memory is the limit here, and
 * the heads of a block lie one behind the other, so each method walks through blocks from end to end: through four of them
 * side by side where the order of sums allows it, for four streams of reads bring more from memory than one.
 */
final class VectorAttention {

    private VectorAttention() {}

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
        int size = headSize * BLOCK_POSITIONS;
        int whole = positions / BLOCK_POSITIONS;
        int b = 0;
        for (; b + 4 <= whole; b += 4) {
            float[] keys0 = keys[b];
            float[] keys1 = keys[b + 1];
            float[] keys2 = keys[b + 2];
            float[] keys3 = keys[b + 3];
            for (int h = 0; h < heads; h++) {
                int to = h * scoresStride + b * BLOCK_POSITIONS;
                int query = queriesOffset + h * headSize;
                for (int j = 0; j < BLOCK_POSITIONS; j += LANES) {
                    int key = keysOffset + h * size + keyOffset(j, headSize);
                    scores4Blocks(scores, to + j, queries, query, keys0, keys1, keys2, keys3, key, headSize, scale);
                }
            }
        }
        for (int first = b * BLOCK_POSITIONS; first < positions; first += BLOCK_POSITIONS) {
            float[] block = keys[first / BLOCK_POSITIONS];
            int end = Shapes.wholeStripes(Math.min(BLOCK_POSITIONS, positions - first));
            int h = 0;
            for (; h + 4 <= heads; h += 4) {
                int to = h * scoresStride + first;
                int query = queriesOffset + h * headSize;
                for (int j = 0; j < end; j += LANES) {
                    int key = keysOffset + h * size + keyOffset(j, headSize);
                    scores4Heads(scores, to + j, scoresStride, queries, query, block, key, headSize, scale);
                }
            }
            for (; h < heads; h++) {
                int to = h * scoresStride + first;
                int query = queriesOffset + h * headSize;
                for (int j = 0; j < end; j += LANES) {
                    int key = keysOffset + h * size + keyOffset(j, headSize);
                    scores1(scores, to + j, queries, query, block, key, headSize, scale);
                }
            }
        }
    }

    /** Where the keys of {@code LANES} positions from {@code position} on begin in those of a head. */
    private static int keyOffset(int position, int headSize) {
        return position / KEY_STRIPE * KEY_STRIPE * headSize + position % KEY_STRIPE;
    }

    /** One query against a vector of keys of each of four blocks. */
    private static void scores4Blocks(
            float[] scores,
            int to,
            float[] queries,
            int query,
            float[] keys0,
            float[] keys1,
            float[] keys2,
            float[] keys3,
            int key,
            int headSize,
            float scale) {
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
        a0.mul(scale).intoArray(scores, to);
        a1.mul(scale).intoArray(scores, to + BLOCK_POSITIONS);
        a2.mul(scale).intoArray(scores, to + 2 * BLOCK_POSITIONS);
        a3.mul(scale).intoArray(scores, to + 3 * BLOCK_POSITIONS);
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
