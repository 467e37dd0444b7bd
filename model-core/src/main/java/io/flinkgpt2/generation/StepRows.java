package io.flinkgpt2.generation;

import io.flinkgpt2.model.KvCache;
import io.flinkgpt2.model.RaggedBatch;
import java.util.Arrays;

/**
 * Chooses the rows of a step: one for each sequence with a single token to go, and for the others as many as the chunk
 * allows, shared out equally; what does not divide goes to those that were admitted first.
 */
final class StepRows {

    /** Maximum number of tokens of a step that are scored though they are known, which bounds the memory of the logits. */
    static final int SCORED_ROWS = 64;

    private final int prefillChunk;
    private final int[] shares;
    private final int[] logits;
    private int promptRows;

    StepRows(int batchSize, int prefillChunk) {
        this.prefillChunk = prefillChunk;
        this.shares = new int[batchSize];
        this.logits = new int[batchSize];
    }

    /** Returns the number of rows that the chunk gave to prompts in the last step. */
    int promptRows() {
        return promptRows;
    }

    /** Returns the number of rows that a sequence got in the last step. */
    int rowsOf(int index) {
        return shares[index];
    }

    /** Returns the number of those rows that have logits. */
    int logitsOf(int index) {
        return logits[index];
    }

    /**
     * Fills {@code batch}, in the order of the sequences.
     *
     * @return blocks that the caches have to take for these rows
     */
    int fill(RaggedBatch batch, Sequence[] running, int count) {
        share(running, count);
        batch.clear();
        int blocks = 0;
        for (int i = 0; i < count; i++) {
            blocks += add(batch, running[i], i);
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
        return add(batch, sequence, index);
    }

    private int add(RaggedBatch batch, Sequence sequence, int index) {
        KvCache cache = sequence.cache.keysAndValues;
        int from = cache.length();
        int to = from + shares[index];
        logits[index] = 0;
        for (int position = from; position < to; position++) {
            boolean wanted = sequence.wantsLogits(position);
            logits[index] += wanted ? 1 : 0;
            batch.add(cache, position, sequence.tokenId(position), wanted);
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
        int scored = SCORED_ROWS;
        while (left > 0 && hungry > 0) {
            int share = Math.max(1, left / hungry);
            hungry = 0;
            for (int i = 0; i < count && left > 0; i++) {
                int pending = running[i].pendingTokens();
                if (shares[i] < pending) {
                    boolean toScore = running[i].hasTokensToScore();
                    int more = Math.min(left, Math.min(share, pending - shares[i]));
                    more = toScore ? Math.min(more, scored) : more;
                    shares[i] += more;
                    left -= more;
                    scored -= toScore ? more : 0;
                    hungry += shares[i] < pending && !(toScore && scored == 0) ? 1 : 0;
                }
            }
        }
        promptRows = prefillChunk - left;
    }
}
