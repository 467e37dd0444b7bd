package io.flinkgpt2.tensor;

import static io.flinkgpt2.tensor.Kernels.BLOCK_POSITIONS;
import static io.flinkgpt2.tensor.VectorKernels.LANES;
import static io.flinkgpt2.tensor.VectorKernels.SPECIES;

import jdk.incubator.vector.FloatVector;

/**
 * Attention on vectors: a lane is a key position for the scores, a channel for the output. Memory is the limit here, and
 * the heads of a block lie one behind the other, so each method walks through it from end to end.
 */
final class VectorAttention {

    private VectorAttention() {}

    /** {@link Kernels#attentionScores}. */
    static void attentionScores(
            float[] scores,
            int scoresOffset,
            int scoresStride,
            float[] queries,
            int queriesOffset,
            float[] keys,
            int keysOffset,
            int heads,
            int headSize,
            int positions,
            float scale) {
        int end = Shapes.wholeStripes(positions);
        for (int h = 0; h < heads; h++) {
            int query = queriesOffset + h * headSize;
            int to = scoresOffset + h * scoresStride;
            int key = keysOffset + h * headSize * BLOCK_POSITIONS;
            int j = 0;
            for (; j + 4 * LANES <= end; j += 4 * LANES) {
                scores4(scores, to + j, queries, query, keys, key + j, headSize, scale);
            }
            for (; j + 2 * LANES <= end; j += 2 * LANES) {
                scores2(scores, to + j, queries, query, keys, key + j, headSize, scale);
            }
            for (; j < end; j += LANES) {
                scores1(scores, to + j, queries, query, keys, key + j, headSize, scale);
            }
        }
    }

    /** One query against four vectors of keys. */
    private static void scores4(
            float[] scores, int to, float[] queries, int query, float[] keys, int key, int headSize, float scale) {
        FloatVector a0 = FloatVector.zero(SPECIES);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        for (int d = 0; d < headSize; d++) {
            FloatVector q = FloatVector.broadcast(SPECIES, queries[query + d]);
            a0 = q.fma(FloatVector.fromArray(SPECIES, keys, key), a0);
            a1 = q.fma(FloatVector.fromArray(SPECIES, keys, key + LANES), a1);
            a2 = q.fma(FloatVector.fromArray(SPECIES, keys, key + 2 * LANES), a2);
            a3 = q.fma(FloatVector.fromArray(SPECIES, keys, key + 3 * LANES), a3);
            key += BLOCK_POSITIONS;
        }
        a0.mul(scale).intoArray(scores, to);
        a1.mul(scale).intoArray(scores, to + LANES);
        a2.mul(scale).intoArray(scores, to + 2 * LANES);
        a3.mul(scale).intoArray(scores, to + 3 * LANES);
    }

    /** One query against two vectors of keys. */
    private static void scores2(
            float[] scores, int to, float[] queries, int query, float[] keys, int key, int headSize, float scale) {
        FloatVector a0 = FloatVector.zero(SPECIES);
        FloatVector a1 = a0;
        for (int d = 0; d < headSize; d++) {
            FloatVector q = FloatVector.broadcast(SPECIES, queries[query + d]);
            a0 = q.fma(FloatVector.fromArray(SPECIES, keys, key), a0);
            a1 = q.fma(FloatVector.fromArray(SPECIES, keys, key + LANES), a1);
            key += BLOCK_POSITIONS;
        }
        a0.mul(scale).intoArray(scores, to);
        a1.mul(scale).intoArray(scores, to + LANES);
    }

    /** One query against one vector of keys. */
    private static void scores1(
            float[] scores, int to, float[] queries, int query, float[] keys, int key, int headSize, float scale) {
        FloatVector a = FloatVector.zero(SPECIES);
        for (int d = 0; d < headSize; d++) {
            a = FloatVector.broadcast(SPECIES, queries[query + d]).fma(FloatVector.fromArray(SPECIES, keys, key), a);
            key += BLOCK_POSITIONS;
        }
        a.mul(scale).intoArray(scores, to);
    }

    /** {@link Kernels#addWeightedValues}. */
    static void addWeightedValues(
            float[] out,
            int outOffset,
            float[] weights,
            int weightsOffset,
            int weightsStride,
            float[] values,
            int valuesOffset,
            int heads,
            int headSize,
            int positions) {
        for (int h = 0; h < heads; h++) {
            int to = outOffset + h * headSize;
            int weight = weightsOffset + h * weightsStride;
            int value = valuesOffset + h * headSize * BLOCK_POSITIONS;
            int d = 0;
            for (; d + 4 * LANES <= headSize; d += 4 * LANES) {
                values4(out, to + d, weights, weight, values, value + d, headSize, positions);
            }
            for (; d + LANES <= headSize; d += LANES) {
                values1(out, to + d, weights, weight, values, value + d, headSize, positions);
            }
            for (; d < headSize; d++) {
                float a = out[to + d];
                for (int j = 0; j < positions; j++) {
                    a = Math.fma(weights[weight + j], values[value + j * headSize + d], a);
                }
                out[to + d] = a;
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
