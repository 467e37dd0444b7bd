package io.flinkgpt2.tensor;

import static io.flinkgpt2.tensor.VectorKernels.LANES;
import static io.flinkgpt2.tensor.VectorKernels.SPECIES;

import jdk.incubator.vector.FloatVector;

/** One head's attention on vectors: a lane is a key position for the scores, a channel for the output. */
final class VectorAttention {

    private VectorAttention() {}

    /** {@link Kernels#attentionScores}. */
    static void attentionScores(
            float[] scores,
            int scoresOffset,
            float[] query,
            int queryOffset,
            float[] keys,
            int keysOffset,
            int headSize,
            int positions,
            float scale) {
        int step = 4 * LANES;
        int j = 0;
        for (; j + step <= positions; j += step) {
            FloatVector a0 = FloatVector.zero(SPECIES);
            FloatVector a1 = a0;
            FloatVector a2 = a0;
            FloatVector a3 = a0;
            int from = keysOffset + j;
            for (int d = 0; d < headSize; d++) {
                FloatVector q = FloatVector.broadcast(SPECIES, query[queryOffset + d]);
                a0 = q.fma(FloatVector.fromArray(SPECIES, keys, from), a0);
                a1 = q.fma(FloatVector.fromArray(SPECIES, keys, from + LANES), a1);
                a2 = q.fma(FloatVector.fromArray(SPECIES, keys, from + 2 * LANES), a2);
                a3 = q.fma(FloatVector.fromArray(SPECIES, keys, from + 3 * LANES), a3);
                from += positions;
            }
            a0.mul(scale).intoArray(scores, scoresOffset + j);
            a1.mul(scale).intoArray(scores, scoresOffset + j + LANES);
            a2.mul(scale).intoArray(scores, scoresOffset + j + 2 * LANES);
            a3.mul(scale).intoArray(scores, scoresOffset + j + 3 * LANES);
        }
        for (; j < positions; j += LANES) {
            FloatVector a = FloatVector.zero(SPECIES);
            int from = keysOffset + j;
            for (int d = 0; d < headSize; d++) {
                a = FloatVector.broadcast(SPECIES, query[queryOffset + d])
                        .fma(FloatVector.fromArray(SPECIES, keys, from), a);
                from += positions;
            }
            a.mul(scale).intoArray(scores, scoresOffset + j);
        }
    }

    /** {@link Kernels#addWeightedValues}. */
    static void addWeightedValues(
            float[] out,
            int outOffset,
            float[] weights,
            int weightsOffset,
            float[] values,
            int valuesOffset,
            int headSize,
            int positions) {
        int step = 4 * LANES;
        int d = 0;
        for (; d + step <= headSize; d += step) {
            int to = outOffset + d;
            FloatVector a0 = FloatVector.fromArray(SPECIES, out, to);
            FloatVector a1 = FloatVector.fromArray(SPECIES, out, to + LANES);
            FloatVector a2 = FloatVector.fromArray(SPECIES, out, to + 2 * LANES);
            FloatVector a3 = FloatVector.fromArray(SPECIES, out, to + 3 * LANES);
            int from = valuesOffset + d;
            for (int j = 0; j < positions; j++) {
                FloatVector weight = FloatVector.broadcast(SPECIES, weights[weightsOffset + j]);
                a0 = weight.fma(FloatVector.fromArray(SPECIES, values, from), a0);
                a1 = weight.fma(FloatVector.fromArray(SPECIES, values, from + LANES), a1);
                a2 = weight.fma(FloatVector.fromArray(SPECIES, values, from + 2 * LANES), a2);
                a3 = weight.fma(FloatVector.fromArray(SPECIES, values, from + 3 * LANES), a3);
                from += headSize;
            }
            a0.intoArray(out, to);
            a1.intoArray(out, to + LANES);
            a2.intoArray(out, to + 2 * LANES);
            a3.intoArray(out, to + 3 * LANES);
        }
        for (; d + LANES <= headSize; d += LANES) {
            FloatVector a = FloatVector.fromArray(SPECIES, out, outOffset + d);
            int from = valuesOffset + d;
            for (int j = 0; j < positions; j++) {
                a = FloatVector.broadcast(SPECIES, weights[weightsOffset + j])
                        .fma(FloatVector.fromArray(SPECIES, values, from), a);
                from += headSize;
            }
            a.intoArray(out, outOffset + d);
        }
        for (; d < headSize; d++) {
            float a = out[outOffset + d];
            for (int j = 0; j < positions; j++) {
                a = Math.fma(weights[weightsOffset + j], values[valuesOffset + j * headSize + d], a);
            }
            out[outOffset + d] = a;
        }
    }
}
