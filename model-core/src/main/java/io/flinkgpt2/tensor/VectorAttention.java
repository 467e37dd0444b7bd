package io.flinkgpt2.tensor;

import static io.flinkgpt2.tensor.Kernels.BLOCK_POSITIONS;
import static io.flinkgpt2.tensor.VectorKernels.LANES;
import static io.flinkgpt2.tensor.VectorKernels.SPECIES;

import jdk.incubator.vector.FloatVector;

/**
 * Attention on vectors: a lane is a key position for the scores, a channel for the output. Memory is the limit here, and
 * the heads of a block lie one behind the other, so each method walks through it from end to end, four heads side by side
 * where a head's vectors fit the registers.
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
        int h = 0;
        if (end == 4 * LANES) {
            for (; h + 4 <= heads; h += 4) {
                int query = queriesOffset + h * headSize;
                int key = keysOffset + h * headSize * BLOCK_POSITIONS;
                int to = scoresOffset + h * scoresStride;
                scores4Heads(scores, to, scoresStride, queries, query, keys, key, headSize, scale);
            }
        }
        for (; h < heads; h++) {
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

    /** Four heads against four vectors of keys each: four streams of reads bring more from memory than one. */
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
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector a00 = zero, a01 = zero, a02 = zero, a03 = zero;
        FloatVector a10 = zero, a11 = zero, a12 = zero, a13 = zero;
        FloatVector a20 = zero, a21 = zero, a22 = zero, a23 = zero;
        FloatVector a30 = zero, a31 = zero, a32 = zero, a33 = zero;
        int size = headSize * BLOCK_POSITIONS;
        int key1 = key + size;
        int query1 = query + headSize;
        int key2 = key1 + size;
        int query2 = query1 + headSize;
        int key3 = key2 + size;
        int query3 = query2 + headSize;
        for (int d = 0; d < headSize; d++) {
            int at = d * BLOCK_POSITIONS;
            FloatVector q = FloatVector.broadcast(SPECIES, queries[query + d]);
            a00 = q.fma(FloatVector.fromArray(SPECIES, keys, key + at), a00);
            a01 = q.fma(FloatVector.fromArray(SPECIES, keys, key + at + LANES), a01);
            a02 = q.fma(FloatVector.fromArray(SPECIES, keys, key + at + 2 * LANES), a02);
            a03 = q.fma(FloatVector.fromArray(SPECIES, keys, key + at + 3 * LANES), a03);
            q = FloatVector.broadcast(SPECIES, queries[query1 + d]);
            a10 = q.fma(FloatVector.fromArray(SPECIES, keys, key1 + at), a10);
            a11 = q.fma(FloatVector.fromArray(SPECIES, keys, key1 + at + LANES), a11);
            a12 = q.fma(FloatVector.fromArray(SPECIES, keys, key1 + at + 2 * LANES), a12);
            a13 = q.fma(FloatVector.fromArray(SPECIES, keys, key1 + at + 3 * LANES), a13);
            q = FloatVector.broadcast(SPECIES, queries[query2 + d]);
            a20 = q.fma(FloatVector.fromArray(SPECIES, keys, key2 + at), a20);
            a21 = q.fma(FloatVector.fromArray(SPECIES, keys, key2 + at + LANES), a21);
            a22 = q.fma(FloatVector.fromArray(SPECIES, keys, key2 + at + 2 * LANES), a22);
            a23 = q.fma(FloatVector.fromArray(SPECIES, keys, key2 + at + 3 * LANES), a23);
            q = FloatVector.broadcast(SPECIES, queries[query3 + d]);
            a30 = q.fma(FloatVector.fromArray(SPECIES, keys, key3 + at), a30);
            a31 = q.fma(FloatVector.fromArray(SPECIES, keys, key3 + at + LANES), a31);
            a32 = q.fma(FloatVector.fromArray(SPECIES, keys, key3 + at + 2 * LANES), a32);
            a33 = q.fma(FloatVector.fromArray(SPECIES, keys, key3 + at + 3 * LANES), a33);
        }
        a00.mul(scale).intoArray(scores, to);
        a01.mul(scale).intoArray(scores, to + LANES);
        a02.mul(scale).intoArray(scores, to + 2 * LANES);
        a03.mul(scale).intoArray(scores, to + 3 * LANES);
        to += toStride;
        a10.mul(scale).intoArray(scores, to);
        a11.mul(scale).intoArray(scores, to + LANES);
        a12.mul(scale).intoArray(scores, to + 2 * LANES);
        a13.mul(scale).intoArray(scores, to + 3 * LANES);
        to += toStride;
        a20.mul(scale).intoArray(scores, to);
        a21.mul(scale).intoArray(scores, to + LANES);
        a22.mul(scale).intoArray(scores, to + 2 * LANES);
        a23.mul(scale).intoArray(scores, to + 3 * LANES);
        to += toStride;
        a30.mul(scale).intoArray(scores, to);
        a31.mul(scale).intoArray(scores, to + LANES);
        a32.mul(scale).intoArray(scores, to + 2 * LANES);
        a33.mul(scale).intoArray(scores, to + 3 * LANES);
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
        int h = 0;
        if (headSize == 4 * LANES) {
            for (; h + 4 <= heads; h += 4) {
                int to = outOffset + h * headSize;
                int weight = weightsOffset + h * weightsStride;
                int value = valuesOffset + h * headSize * BLOCK_POSITIONS;
                values4Heads(out, to, weights, weight, weightsStride, values, value, headSize, positions);
            }
        }
        for (; h < heads; h++) {
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

    /** Four heads of four vectors of channels each. */
    private static void values4Heads(
            float[] out,
            int to,
            float[] weights,
            int weight,
            int weightsStride,
            float[] values,
            int value,
            int headSize,
            int positions) {
        int to1 = to + headSize;
        int weight1 = weight + weightsStride;
        int value1 = value + headSize * BLOCK_POSITIONS;
        int to2 = to1 + headSize;
        int weight2 = weight1 + weightsStride;
        int value2 = value1 + headSize * BLOCK_POSITIONS;
        int to3 = to2 + headSize;
        int weight3 = weight2 + weightsStride;
        int value3 = value2 + headSize * BLOCK_POSITIONS;
        FloatVector a00 = FloatVector.fromArray(SPECIES, out, to);
        FloatVector a01 = FloatVector.fromArray(SPECIES, out, to + LANES);
        FloatVector a02 = FloatVector.fromArray(SPECIES, out, to + 2 * LANES);
        FloatVector a03 = FloatVector.fromArray(SPECIES, out, to + 3 * LANES);
        FloatVector a10 = FloatVector.fromArray(SPECIES, out, to1);
        FloatVector a11 = FloatVector.fromArray(SPECIES, out, to1 + LANES);
        FloatVector a12 = FloatVector.fromArray(SPECIES, out, to1 + 2 * LANES);
        FloatVector a13 = FloatVector.fromArray(SPECIES, out, to1 + 3 * LANES);
        FloatVector a20 = FloatVector.fromArray(SPECIES, out, to2);
        FloatVector a21 = FloatVector.fromArray(SPECIES, out, to2 + LANES);
        FloatVector a22 = FloatVector.fromArray(SPECIES, out, to2 + 2 * LANES);
        FloatVector a23 = FloatVector.fromArray(SPECIES, out, to2 + 3 * LANES);
        FloatVector a30 = FloatVector.fromArray(SPECIES, out, to3);
        FloatVector a31 = FloatVector.fromArray(SPECIES, out, to3 + LANES);
        FloatVector a32 = FloatVector.fromArray(SPECIES, out, to3 + 2 * LANES);
        FloatVector a33 = FloatVector.fromArray(SPECIES, out, to3 + 3 * LANES);
        for (int j = 0; j < positions; j++) {
            int at = j * headSize;
            FloatVector w = FloatVector.broadcast(SPECIES, weights[weight + j]);
            a00 = w.fma(FloatVector.fromArray(SPECIES, values, value + at), a00);
            a01 = w.fma(FloatVector.fromArray(SPECIES, values, value + at + LANES), a01);
            a02 = w.fma(FloatVector.fromArray(SPECIES, values, value + at + 2 * LANES), a02);
            a03 = w.fma(FloatVector.fromArray(SPECIES, values, value + at + 3 * LANES), a03);
            w = FloatVector.broadcast(SPECIES, weights[weight1 + j]);
            a10 = w.fma(FloatVector.fromArray(SPECIES, values, value1 + at), a10);
            a11 = w.fma(FloatVector.fromArray(SPECIES, values, value1 + at + LANES), a11);
            a12 = w.fma(FloatVector.fromArray(SPECIES, values, value1 + at + 2 * LANES), a12);
            a13 = w.fma(FloatVector.fromArray(SPECIES, values, value1 + at + 3 * LANES), a13);
            w = FloatVector.broadcast(SPECIES, weights[weight2 + j]);
            a20 = w.fma(FloatVector.fromArray(SPECIES, values, value2 + at), a20);
            a21 = w.fma(FloatVector.fromArray(SPECIES, values, value2 + at + LANES), a21);
            a22 = w.fma(FloatVector.fromArray(SPECIES, values, value2 + at + 2 * LANES), a22);
            a23 = w.fma(FloatVector.fromArray(SPECIES, values, value2 + at + 3 * LANES), a23);
            w = FloatVector.broadcast(SPECIES, weights[weight3 + j]);
            a30 = w.fma(FloatVector.fromArray(SPECIES, values, value3 + at), a30);
            a31 = w.fma(FloatVector.fromArray(SPECIES, values, value3 + at + LANES), a31);
            a32 = w.fma(FloatVector.fromArray(SPECIES, values, value3 + at + 2 * LANES), a32);
            a33 = w.fma(FloatVector.fromArray(SPECIES, values, value3 + at + 3 * LANES), a33);
        }
        a00.intoArray(out, to);
        a01.intoArray(out, to + LANES);
        a02.intoArray(out, to + 2 * LANES);
        a03.intoArray(out, to + 3 * LANES);
        a10.intoArray(out, to1);
        a11.intoArray(out, to1 + LANES);
        a12.intoArray(out, to1 + 2 * LANES);
        a13.intoArray(out, to1 + 3 * LANES);
        a20.intoArray(out, to2);
        a21.intoArray(out, to2 + LANES);
        a22.intoArray(out, to2 + 2 * LANES);
        a23.intoArray(out, to2 + 3 * LANES);
        a30.intoArray(out, to3);
        a31.intoArray(out, to3 + LANES);
        a32.intoArray(out, to3 + 2 * LANES);
        a33.intoArray(out, to3 + 3 * LANES);
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
