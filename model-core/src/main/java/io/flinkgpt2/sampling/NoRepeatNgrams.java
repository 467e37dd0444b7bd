package io.flinkgpt2.sampling;

import java.util.Arrays;

/**
 * Rules out each token that would make an n-gram of prompt and generated tokens a second time.
 *
 * <p>An index of the n-grams by the tokens before their last one: a hash table of chains, in which every n-gram stands once.
 */
final class NoRepeatNgrams implements LogitsProcessor {
    private final int size;
    /** Prompt, then generated tokens. */
    private final int[] tokenIds;
    /** For each hash, 1 plus the position of the last token of the newest n-gram; 0: none. */
    private final int[] newest;
    /** For the position of an n-gram's last token, the one before it in its chain, as in {@link #newest}. */
    private final int[] previous;

    private int length;

    private NoRepeatNgrams(int size, int[] tokenIds, int[] newest, int[] previous, int length) {
        this.size = size;
        this.tokenIds = tokenIds;
        this.newest = newest;
        this.previous = previous;
        this.length = length;
    }

    /**
     * @param size tokens of an n-gram, 1 or more
     * @param capacity maximum number of tokens, prompt included
     */
    static NoRepeatNgrams of(int size, int[] promptTokenIds, int capacity) {
        NoRepeatNgrams processor =
                new NoRepeatNgrams(size, new int[capacity], new int[TokenCounts.slots(capacity)], new int[capacity], 0);
        for (int tokenId : promptTokenIds) {
            processor.accept(tokenId);
        }
        return processor;
    }

    @Override
    public void apply(float[] logits, int offset, int vocabularySize) {
        if (length < size - 1) {
            return;
        }
        for (int entry = newest[slot(length)]; entry > 0; entry = previous[entry - 1]) {
            if (followsTheSame(entry - 1, length)) {
                logits[offset + tokenIds[entry - 1]] = Float.NEGATIVE_INFINITY;
            }
        }
    }

    @Override
    public void accept(int tokenId) {
        int position = length++;
        tokenIds[position] = tokenId;
        if (length < size) {
            return;
        }
        int slot = slot(position);
        for (int entry = newest[slot]; entry > 0; entry = previous[entry - 1]) {
            if (tokenIds[entry - 1] == tokenId && followsTheSame(entry - 1, position)) {
                return;
            }
        }
        previous[position] = newest[slot];
        newest[slot] = position + 1;
    }

    /** Returns whether the {@code size - 1} tokens before two positions are the same. */
    private boolean followsTheSame(int a, int b) {
        return Arrays.equals(tokenIds, a - size + 1, a, tokenIds, b - size + 1, b);
    }

    /** Returns the place in the table of the {@code size - 1} tokens before a position. */
    private int slot(int position) {
        int hash = 1;
        for (int i = position - size + 1; i < position; i++) {
            hash = 31 * hash + tokenIds[i];
        }
        return TokenCounts.mix(hash) & (newest.length - 1);
    }

    @Override
    public LogitsProcessor fork() {
        return new NoRepeatNgrams(size, tokenIds.clone(), newest.clone(), previous.clone(), length);
    }
}
