package io.flinkgpt2.tensor;

import static io.flinkgpt2.tensor.KvView.BLOCK_POSITIONS;
import static io.flinkgpt2.tensor.KvView.KEY_STRIPE;
import static io.flinkgpt2.tensor.VectorKernels.LANES;
import static io.flinkgpt2.tensor.VectorKernels.SPECIES;

import jdk.incubator.vector.FloatVector;

/**
 * Attention scores of the positions at the end of a sequence, whose keys lie in rows: a lane is a head. Were they transposed
 * already, one position would take as many lines of memory as sixteen, to write and to read.
 */
final class OpenStripe {

    private OpenStripe() {}

    /**
     * {@link Kernels#attentionScores} of the positions in the open stripe, 1 to 15.
     */
    static void scores(
            float[] scores,
            int scoresStride,
            float[] queries,
            int queriesOffset,
            KvView kv,
            int firstHead,
            int heads,
            float scale,
            float[] scratch) {
        float[] keys = kv.blocks[kv.closed / BLOCK_POSITIONS];
        int allHeads = kv.allHeads;
        int headSize = kv.headSize;
        int row = kv.row;
        int count = kv.positions - kv.closed;
        int scoresOffset = kv.closed;
        int key = kv.openKey(kv.closed, firstHead);
        int apart = Shapes.wholeStripes(heads);
        for (int h = 0; h < heads; h++) {
            int query = queriesOffset + h * headSize;
            for (int d = 0, to = h; d < headSize; d++, to += apart) {
                scratch[to] = queries[query + d];
            }
        }
        int sums = apart * headSize;
        // Lanes past the last head get what lies behind its key; nobody reads them.
        for (int first = 0; first < heads; first += LANES) {
            int lanes = Math.min(LANES, heads - first);
            int to = scoresOffset + first * scoresStride;
            int from = key + first;
            int j = 0;
            for (; j + 4 <= count; j += 4, from += 4 * row) {
                rows4(scratch, first, apart, keys, from, row, allHeads, headSize, scale, sums);
                spread(scores, to + j, scoresStride, scratch, sums, lanes, 4);
            }
            for (; j < count; j++, from += row) {
                rows1(scratch, first, apart, keys, from, allHeads, headSize, scale, sums);
                spread(scores, to + j, scoresStride, scratch, sums, lanes, 1);
            }
        }
    }

    /** The scores of four rows, which go to the scratch. */
    private static void rows4(
            float[] scratch,
            int query,
            int queryStride,
            float[] keys,
            int key,
            int row,
            int keyStride,
            int headSize,
            float scale,
            int to) {
        FloatVector a0 = FloatVector.zero(SPECIES);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        for (int d = 0; d < headSize; d++) {
            FloatVector q = FloatVector.fromArray(SPECIES, scratch, query);
            a0 = q.fma(FloatVector.fromArray(SPECIES, keys, key), a0);
            a1 = q.fma(FloatVector.fromArray(SPECIES, keys, key + row), a1);
            a2 = q.fma(FloatVector.fromArray(SPECIES, keys, key + 2 * row), a2);
            a3 = q.fma(FloatVector.fromArray(SPECIES, keys, key + 3 * row), a3);
            query += queryStride;
            key += keyStride;
        }
        a0.mul(scale).intoArray(scratch, to);
        a1.mul(scale).intoArray(scratch, to + KEY_STRIPE);
        a2.mul(scale).intoArray(scratch, to + 2 * KEY_STRIPE);
        a3.mul(scale).intoArray(scratch, to + 3 * KEY_STRIPE);
    }

    private static void rows1(
            float[] scratch,
            int query,
            int queryStride,
            float[] keys,
            int key,
            int keyStride,
            int headSize,
            float scale,
            int to) {
        FloatVector a = FloatVector.zero(SPECIES);
        for (int d = 0; d < headSize; d++) {
            a = FloatVector.fromArray(SPECIES, scratch, query).fma(FloatVector.fromArray(SPECIES, keys, key), a);
            query += queryStride;
            key += keyStride;
        }
        a.mul(scale).intoArray(scratch, to);
    }

    /** Puts each lane of some rows where the scores of its head are. */
    private static void spread(
            float[] scores, int to, int scoresStride, float[] scratch, int sums, int lanes, int rows) {
        for (int lane = 0; lane < lanes; lane++, to += scoresStride) {
            for (int r = 0; r < rows; r++) {
                scores[to + r] = scratch[sums + r * KEY_STRIPE + lane];
            }
        }
    }
}
