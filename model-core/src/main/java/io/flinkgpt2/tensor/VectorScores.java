package io.flinkgpt2.tensor;

import static io.flinkgpt2.tensor.KvView.BLOCK_POSITIONS;
import static io.flinkgpt2.tensor.KvView.KEY_STRIPE;
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

    /** Stripes of a block. */
    private static final int STRIPES = BLOCK_POSITIONS / KEY_STRIPE;

    private VectorScores() {}

    /**
     * {@link Kernels#attentionScores} of the positions in closed stripes.
     *
     * <p>What the loops use of the view is in locals, for HotSpot cannot know that no store changes its fields.
     */
    static void closedStripes(
            float[] scores,
            int scoresStride,
            float[] queries,
            int queriesOffset,
            KvView kv,
            int firstHead,
            int heads,
            float scale) {
        float[][] keys = kv.blocks;
        int headSize = kv.headSize;
        int stripeStride = kv.stripe;
        int keysOffset = kv.closedKey(0, firstHead);
        int positions = Math.min(kv.positions, kv.closed);
        int stripes = Shapes.wholeStripes(positions) / KEY_STRIPE;
        for (int first = 0; first < stripes; first += 2 * STRIPES) {
            float[] keys0 = keys[first / STRIPES];
            int count0 = Math.min(STRIPES, stripes - first);
            int count1 = Math.min(STRIPES, stripes - first - count0);
            // The second half of a block that has no other beside it, else the other.
            boolean halves = count1 == 0;
            float[] keys1 = halves ? keys0 : keys[first / STRIPES + 1];
            int ahead = halves ? (count0 + 1) / 2 : 0;
            int alone = halves ? ahead : count0;
            int both = halves ? count0 - ahead : count1;
            int scoresAhead = (halves ? ahead : STRIPES) * KEY_STRIPE;
            for (int i = 0; i < alone; i++) {
                int key = keysOffset + i * stripeStride;
                for (int h = 0; h < heads; h++, key += headSize * KEY_STRIPE) {
                    int to = h * scoresStride + (first + i) * KEY_STRIPE;
                    int query = queriesOffset + h * headSize;
                    for (int lane = 0; lane < KEY_STRIPE; lane += LANES) {
                        if (i < both) {
                            scores2(
                                    scores,
                                    to + lane,
                                    to + lane + scoresAhead,
                                    queries,
                                    query,
                                    keys0,
                                    key + lane,
                                    keys1,
                                    key + lane + ahead * stripeStride,
                                    headSize,
                                    scale);
                        } else {
                            scores1(scores, to + lane, queries, query, keys0, key + lane, headSize, scale);
                        }
                    }
                }
            }
        }
    }

    /** One query against a vector of keys of each of two stripes. */
    private static void scores2(
            float[] scores,
            int to0,
            int to1,
            float[] queries,
            int query,
            float[] keys0,
            int key0,
            float[] keys1,
            int key1,
            int headSize,
            float scale) {
        FloatVector a0 = FloatVector.zero(SPECIES);
        FloatVector a1 = a0;
        for (int d = 0; d < headSize; d++) {
            FloatVector q = FloatVector.broadcast(SPECIES, queries[query + d]);
            a0 = q.fma(FloatVector.fromArray(SPECIES, keys0, key0), a0);
            a1 = q.fma(FloatVector.fromArray(SPECIES, keys1, key1), a1);
            key0 += KEY_STRIPE;
            key1 += KEY_STRIPE;
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
