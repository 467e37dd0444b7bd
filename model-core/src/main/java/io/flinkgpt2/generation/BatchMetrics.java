package io.flinkgpt2.generation;

import io.flinkgpt2.model.KvBlocks;

/** What a {@link ContinuousBatch} did so far, and how full it is: a live view, for the thread that drives the batch. */
public final class BatchMetrics {

    private final KvBlocks pool;
    private final Admission admission;
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

    BatchMetrics(KvBlocks pool, Admission admission) {
        this.pool = pool;
        this.admission = admission;
        this.blockBytes = KvBlocks.blockBytes(pool.config());
    }

    void admitted(InFlight inFlight) {
        admitted++;
        promptTokens += inFlight.sequence().promptLength();
        cachedTokens += inFlight.cachedTokens;
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

    /** Steps that computed something. */
    public long steps() {
        return steps;
    }

    /** Rows of all steps: tokens that went through the model. */
    public long rows() {
        return rows;
    }

    /** Rows of the last step. */
    public int lastStepRows() {
        return lastStepRows;
    }

    /** Rows of the last step that were part of the prefill chunk; the others were decoding. */
    public int lastStepPromptRows() {
        return lastStepPromptRows;
    }

    /** Requests that got a place, cancelled and failed ones included. */
    public long admitted() {
        return admitted;
    }

    /** Tokens of the prompts of those. */
    public long promptTokens() {
        return promptTokens;
    }

    /** Of those, how many were in the prefix cache and not computed. */
    public long cachedTokens() {
        return cachedTokens;
    }

    /** Tokens sampled, ends of text left out. */
    public long generatedTokens() {
        return generatedTokens;
    }

    /** Steps whose shared pass failed, so that every sequence was computed alone, with the same bits. */
    public long failedPasses() {
        return failedPasses;
    }

    /** Those of them after which every sequence succeeded alone: the batch itself is wrong then, and slow, not its requests. */
    public long unexplainedFailures() {
        return unexplainedFailures;
    }

    /** Why the last of the {@link #unexplainedFailures} failed, or null without any. */
    public RuntimeException unexplainedFailure() {
        return unexplainedFailure;
    }

    /** Blocks that the prefix cache gave up so far. */
    public long evictedBlocks() {
        return admission.prefixes().evictedCount();
    }

    /** The most bytes of KV cache that can be used, in whole blocks. */
    public long kvBytesTotal() {
        return pool.capacity() * blockBytes;
    }

    /** Bytes of KV cache that running sequences hold, shared ones counted once. */
    public long kvBytesUsed() {
        return admission.heldByRunning() * blockBytes;
    }

    /** Bytes of KV cache that are kept only in case another prompt begins alike; given up when needed. */
    public long kvBytesIdle() {
        return admission.prefixes().idleCount() * blockBytes;
    }

    /** Bytes of KV cache in which nothing of worth lies. */
    public long kvBytesFree() {
        return pool.availableCount() * blockBytes;
    }
}
