package io.flinkgpt2.generation;

import io.flinkgpt2.model.KvCache;
import io.flinkgpt2.model.RaggedBatch;
import java.util.Arrays;

/**
 * Chooses the rows of a step: one for each sequence with a single token to go, and for the others as many as the chunk
 * allows, shared out equally; what does not divide goes to those that were admitted first.
 */
final class StepRows {

    private final int prefillChunk;
    private final int[] shares;
    private int promptRows;

    StepRows(int batchSize, int prefillChunk) {
        this.prefillChunk = prefillChunk;
        this.shares = new int[batchSize];
    }

    /** Returns the number of rows that the chunk gave to prompts in the last step. */
    int promptRows() {
        return promptRows;
    }

    /**
     * Fills {@code batch}, in the order of the sequences; the last row of each that catches up with its tokens wants logits.
     *
     * @return blocks that the caches have to take for these rows
     */
    int fill(RaggedBatch batch, Sequence[] running, int count) {
        share(running, count);
        batch.clear();
        int blocks = 0;
        for (int i = 0; i < count; i++) {
            blocks += add(batch, running[i], shares[i]);
        }
        return blocks;
    }

    /**
     * Fills {@code batch} with those rows only that the last {@link #fill} gave to a sequence, which may be none.
     *
     * @param index its place among the sequences then
     * @return blocks that its cache still has to take for these rows
     */
    int fillAlone(RaggedBatch batch, Sequence sequence, int index) {
        batch.clear();
        return add(batch, sequence, shares[index]);
    }

    private static int add(RaggedBatch batch, Sequence sequence, int share) {
        KvCache cache = sequence.cache.keysAndValues;
        int from = cache.length();
        int to = from + share;
        for (int position = from; position < to; position++) {
            boolean last = position == sequence.length() - 1;
            batch.add(cache, position, sequence.tokenId(position), last);
        }
        return cache.blocksToAppend(to);
    }

    private void share(Sequence[] running, int count) {
        Arrays.fill(shares, 0, count, 0);
        int hungry = 0;
        for (int i = 0; i < count; i++) {
            if (running[i].pendingTokens() == 1) {
                shares[i] = 1;
            } else {
                hungry++;
            }
        }
        int left = prefillChunk;
        while (left > 0 && hungry > 0) {
            int share = Math.max(1, left / hungry);
            for (int i = 0; i < count && left > 0; i++) {
                int pending = running[i].pendingTokens();
                if (shares[i] < pending) {
                    int more = Math.min(left, Math.min(share, pending - shares[i]));
                    shares[i] += more;
                    left -= more;
                    hungry -= shares[i] == pending ? 1 : 0;
                }
            }
        }
        promptRows = prefillChunk - left;
    }
}
