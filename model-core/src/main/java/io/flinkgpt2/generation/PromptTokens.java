package io.flinkgpt2.generation;

import java.util.Arrays;

/**
 * The token ids of a prompt of any length, added one after the other. Only what can fit is kept, the beginning and the
 * end, so that memory follows the context and not what a stranger sends. Made by {@link PromptLimits#newPrompt}.
 */
public final class PromptTokens {

    private static final int INITIAL_LENGTH = 64;

    private final PromptLimits limits;
    private final int most;
    /** The first ids, at most {@code most}. */
    private int[] head = {};
    /** The last {@code most} ids, the one at index i at i modulo {@code most}; null while the head holds all. */
    private int[] tail;

    private int length;

    PromptTokens(PromptLimits limits, int most) {
        this.limits = limits;
        this.most = most;
    }

    /** @throws IllegalArgumentException if the id lies outside of the vocabulary; names its index */
    public void add(int tokenId) {
        limits.requireInVocabulary(length, tokenId);
        if (length < most) {
            if (length == head.length) {
                head = Arrays.copyOf(head, (int) Math.min(most, Math.max(INITIAL_LENGTH, 2L * length)));
            }
            head[length] = tokenId;
        } else {
            if (tail == null) {
                tail = head.clone();
            }
            tail[length % most] = tokenId;
        }
        length = Math.incrementExact(length);
    }

    /** @throws IllegalArgumentException as {@link #add(int)} */
    public void addAll(int[] tokenIds) {
        for (int tokenId : tokenIds) {
            add(tokenId);
        }
    }

    /** Returns the number of ids added so far. */
    public int length() {
        return length;
    }

    /** Returns the first ids. */
    int[] first(int count) {
        return Arrays.copyOf(head, count);
    }

    /** Returns the last ids. */
    int[] last(int count) {
        int[] ids = new int[count];
        for (int i = 0; i < count; i++) {
            int index = length - count + i;
            ids[i] = tail == null ? head[index] : tail[index % most];
        }
        return ids;
    }
}
