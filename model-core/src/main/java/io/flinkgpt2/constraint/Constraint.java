package io.flinkgpt2.constraint;

import java.util.Arrays;

/**
 * The tokens that may follow each other so that the text matches. A state stands for the text so far; from each state that can be
 * reached some tokens lead to a text that matches. Thread-safe; nothing of it can be seen to change.
 *
 * <p>Tokens that end a text are the caller's: it allows them where {@link #isAccepting}. Added tokens, and ids without bytes,
 * match no text.
 */
public final class Constraint {
    /** No state: a token that may not follow leads to it. */
    public static final int NO_STATE = ByteTable.NONE;

    private final ConstraintAutomaton automaton;
    private final TokenTrie trie;

    /** The states from which tokens lead to the end, in ascending order; null if they are all. */
    private final int[] alive;

    private final MaskTable masks;

    Constraint(ConstraintAutomaton automaton, TokenTrie trie, int[] alive, MaskTable masks) {
        this.automaton = automaton;
        this.trie = trie;
        this.alive = alive;
        this.masks = masks;
    }

    /** Returns the state of the empty text. */
    public int start() {
        return ConstraintAutomaton.START;
    }

    /**
     * Returns the state of the text with one more token, or {@link #NO_STATE} if that token may not follow.
     *
     * @param state a state of this constraint, not {@link #NO_STATE}
     * @param tokenId any number
     */
    public int next(int state, int tokenId) {
        int next = trie.next(automaton, state, tokenId);
        return next == NO_STATE || isAlive(next) ? next : NO_STATE;
    }

    /** Returns whether the text so far matches. */
    public boolean isAccepting(int state) {
        return automaton.isAccepting(state);
    }

    /** Returns whether some token may follow. */
    public boolean canContinue(int state) {
        if (alive == null) {
            return automaton.hasNext(state);
        }
        for (long word : allowed(state)) {
            if (word != 0) {
                return true;
            }
        }
        return false;
    }

    /**
     * Sets the logits of all tokens that may not follow to negative infinity. Allocates nothing if the state's mask is kept.
     *
     * @param logits {@code vocabularySize} floats from {@code offset}; ids that the constraint's vocabulary lacks may not follow
     */
    public void mask(float[] logits, int offset, int vocabularySize, int state) {
        long[] allowed = allowed(state);
        int known = Math.min(vocabularySize, trie.vocabularySize());
        for (int first = 0; first < known; first += Long.SIZE) {
            long word = allowed[first / Long.SIZE];
            int count = Math.min(Long.SIZE, known - first);
            if (word == 0) {
                Arrays.fill(logits, offset + first, offset + first + count, Float.NEGATIVE_INFINITY);
            } else if (word != -1L) {
                long refused = ~word;
                if (count < Long.SIZE) {
                    refused &= (1L << count) - 1;
                }
                for (; refused != 0; refused &= refused - 1) {
                    logits[offset + first + Long.numberOfTrailingZeros(refused)] = Float.NEGATIVE_INFINITY;
                }
            }
        }
        Arrays.fill(logits, offset + known, offset + vocabularySize, Float.NEGATIVE_INFINITY);
    }

    private long[] allowed(int state) {
        long[] allowed = masks.get(state);
        if (allowed == null) {
            long[] computed = new long[(trie.vocabularySize() + Long.SIZE - 1) / Long.SIZE];
            trie.walk(automaton, state, (tokenId, next) -> {
                if (isAlive(next)) {
                    computed[tokenId >>> 6] |= 1L << tokenId;
                }
            });
            masks.put(state, computed);
            allowed = computed;
        }
        return allowed;
    }

    private boolean isAlive(int state) {
        return alive == null || Arrays.binarySearch(alive, state) >= 0;
    }

    /** Returns about how much memory this takes without masks. */
    long bytes() {
        return automaton.bytes() + (alive == null ? 0 : 4L * alive.length) + 4096;
    }

    /** Returns the number of masks that are kept. */
    int keptMasks() {
        return masks.size();
    }
}
