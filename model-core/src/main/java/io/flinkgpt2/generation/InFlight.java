package io.flinkgpt2.generation;

import io.flinkgpt2.model.KvCache;

/**
 * A request in a {@link ContinuousBatch}, from its admission to its outcome. Its identity is its handle. What it takes to
 * resume it elsewhere is {@link #request}, {@link #priority} and {@link #generatedTokenIds}.
 */
public final class InFlight {

    private final int priority;
    private final long arrival;
    private final Sequence sequence;
    private final long submittedAt;

    /** Where it is computed; null while it waits and after its end. */
    KvCache cache;
    /** Number of blocks that its cache will have in the end, at most. */
    final int mostBlocks;
    /** The deepest node of the prefix cache that it holds, and with it those above; null if prefixes are not kept. */
    PrefixNode prefix;
    /** Blocks of its prompt that are in the prefix cache, or need not be. */
    int registeredBlocks;

    int cachedTokens;
    private long admittedAt;
    private long firstTokenAt;
    private boolean ended;

    InFlight(int priority, long arrival, Sequence sequence, int mostBlocks, long now) {
        this.priority = priority;
        this.arrival = arrival;
        this.sequence = sequence;
        this.mostBlocks = mostBlocks;
        this.submittedAt = now;
    }

    /** What is to be completed, as it was submitted. */
    public GenerationRequest request() {
        return sequence.request();
    }

    /** Lower ones go first. */
    public int priority() {
        return priority;
    }

    /** Number of tokens generated so far; the step of the random stream. */
    public int generatedCount() {
        return sequence.generatedCount();
    }

    /** A copy of the ids generated so far. */
    public int[] generatedTokenIds() {
        return sequence.generatedTokenIds();
    }

    /** Whether it still waits for a place. */
    public boolean isWaiting() {
        return cache == null && !ended;
    }

    /** Whether its outcome is there. */
    public boolean hasEnded() {
        return ended;
    }

    long arrival() {
        return arrival;
    }

    Sequence sequence() {
        return sequence;
    }

    /** Tokens that its cache does not hold yet; the last of them brings forth the next one. */
    int pendingTokens() {
        return sequence.length() - cache.length();
    }

    boolean isPromptComputed() {
        return cache.length() >= sequence.promptLength();
    }

    void admitted(KvCache place, long now) {
        cache = place;
        admittedAt = now;
    }

    /** Takes the next token. */
    void append(int tokenId, long now) {
        int before = sequence.generatedCount();
        sequence.append(tokenId);
        if (firstTokenAt == 0 && sequence.generatedCount() > before) {
            firstTokenAt = now;
        }
    }

    void ended() {
        ended = true;
        cache = null;
        prefix = null;
    }

    Completion completion(String text, long now) {
        long start = admittedAt == 0 ? now : admittedAt;
        return new Completion(
                sequence.promptLength(),
                sequence.generatedTokenIds(),
                text,
                sequence.stopReason(),
                cachedTokens,
                start - submittedAt,
                firstTokenAt == 0 ? 0 : firstTokenAt - start,
                now - start);
    }
}
