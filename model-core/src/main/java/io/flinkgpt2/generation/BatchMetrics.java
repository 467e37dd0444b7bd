package io.flinkgpt2.generation;

/** Counters and gauges of a {@link ContinuousBatch}: a live view, for the thread that drives the batch. */
public final class BatchMetrics {

    private final KvCacheManager kvCache;
    private final long blockBytes;

    private long steps;
    private long rows;
    private int lastStepRows;
    private int lastStepPromptRows;
    private long admitted;
    private long promptTokens;
    private long cachedTokens;
    private long generatedTokens;
    private long failedPasses;
    private long unexplainedFailures;
    private RuntimeException unexplainedFailure;

    BatchMetrics(KvCacheManager kvCache) {
        this.kvCache = kvCache;
        this.blockBytes = kvCache.blockBytes();
    }

    void admitted(Sequence sequence) {
        admitted++;
        promptTokens += sequence.promptLength();
        cachedTokens += sequence.cachedTokens();
    }

    void stepped(int rowCount, int promptRowCount) {
        steps++;
        rows += rowCount;
        lastStepRows = rowCount;
        lastStepPromptRows = promptRowCount;
    }

    void generated() {
        generatedTokens++;
    }

    /** @param unexplained why the shared pass failed, if every sequence then succeeded alone; else null */
    void sharedPassFailed(RuntimeException unexplained) {
        failedPasses++;
        if (unexplained != null) {
            unexplainedFailures++;
            unexplainedFailure = unexplained;
        }
    }

    /** Returns the number of steps that computed something. */
    public long steps() {
        return steps;
    }

    /** Returns the rows of all steps: tokens that went through the model. */
    public long rows() {
        return rows;
    }

    /** Returns the rows of the last step. */
    public int lastStepRows() {
        return lastStepRows;
    }

    /** Returns the rows of the last step that were part of the prefill chunk; the others were decoding. */
    public int lastStepPromptRows() {
        return lastStepPromptRows;
    }

    /** Returns the number of sequences that were admitted, cancelled and failed ones included. */
    public long admitted() {
        return admitted;
    }

    /** Returns the number of prompt tokens of those. */
    public long promptTokens() {
        return promptTokens;
    }

    /** Returns how many prompt tokens were in the prefix cache and not computed. */
    public long cachedTokens() {
        return cachedTokens;
    }

    /** Returns the number of tokens generated, end of text left out. */
    public long generatedTokens() {
        return generatedTokens;
    }

    /** Returns the number of steps whose shared pass failed, so that every sequence was computed alone, with the same bits. */
    public long failedPasses() {
        return failedPasses;
    }

    /**
     * Returns the number of failed passes in which every sequence succeeded when retried alone: a bug of the batch; results are
     * correct.
     */
    public long unexplainedFailures() {
        return unexplainedFailures;
    }

    /** Returns why the last of the {@link #unexplainedFailures} failed, or null without any. */
    public RuntimeException unexplainedFailure() {
        return unexplainedFailure;
    }

    /** Returns the number of blocks that the prefix cache has given up so far. */
    public long evictedBlocks() {
        return kvCache.evictedBlocks();
    }

    /** Returns the maximum size of the KV cache in bytes, in whole blocks. */
    public long kvBytesTotal() {
        return kvCache.capacity() * blockBytes;
    }

    /** Returns the bytes of KV cache that running sequences hold, shared ones counted once. */
    public long kvBytesUsed() {
        return kvCache.heldByRunning() * blockBytes;
    }

    /** Returns the bytes of KV cache that are kept only in case another prompt begins alike; given up when needed. */
    public long kvBytesIdle() {
        return kvCache.idleBlocks() * blockBytes;
    }

    /** Returns the bytes of KV cache that nothing holds, neither a running sequence nor the prefix cache. */
    public long kvBytesUnheld() {
        return kvCache.unheldBlocks() * blockBytes;
    }
}
