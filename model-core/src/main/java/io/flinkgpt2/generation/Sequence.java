package io.flinkgpt2.generation;

import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.sampling.LogitsProcessor;
import io.flinkgpt2.sampling.SampledToken;
import java.util.Arrays;

/**
 * One choice of a request: its tokens so far, where they are computed, and how it ends. The number of its generated tokens is
 * its position in the random stream.
 */
final class Sequence {
    private static final LogitsProcessor[] NO_PROCESSORS = {};

    private final RequestGroup group;
    private final int choice;
    private final long arrival;
    private final int promptLength;
    private final int maxContext;
    /** Prompt, then generated tokens. */
    private final int[] tokenIds;

    private final LogitsProcessor[] processors;
    private final StopCriteria[] criteria;

    /** Keys and values while it runs; null while it waits and after its end. */
    SequenceCache cache;

    private int length;
    private StopReason stopReason;
    private StopCriteria endedBy;
    private int cachedTokens;
    private long admittedAt;
    private long firstTokenAt;
    private Completion completion;
    private RuntimeException failure;

    /**
     * @param choice index among the choices of the request, 0 or more
     * @param arrival number of sequences that arrived before it
     * @param promptTokenIds the prompt as the model sees it, 1 token or more unless nothing is to be generated
     * @param generatedTokenIds tokens from before it was interrupted; those past its end, as the limits are now, are left out
     * @param maxContext maximum number of tokens of prompt and completion together
     */
    Sequence(
            RequestGroup group,
            int choice,
            long arrival,
            int[] promptTokenIds,
            int[] generatedTokenIds,
            int maxContext,
            SequenceFeatures features) {
        GenerationParameters parameters = group.parameters();
        this.group = group;
        this.choice = choice;
        this.arrival = arrival;
        this.promptLength = promptTokenIds.length;
        this.maxContext = maxContext;
        this.tokenIds =
                Arrays.copyOf(promptTokenIds, (int) Math.min(maxContext, (long) promptLength + parameters.maxTokens()));
        this.length = promptLength;
        this.processors = features.processors(parameters).toArray(NO_PROCESSORS);
        this.criteria = features.stopCriteria(parameters).toArray(StopCriteria[]::new);
        checkLimits();
        for (int i = 0; i < generatedTokenIds.length && !isFinished(); i++) {
            append(generatedTokenIds[i]);
        }
    }

    RequestGroup group() {
        return group;
    }

    GenerationParameters parameters() {
        return group.parameters();
    }

    /** Returns the index among the choices of the request. */
    int choice() {
        return choice;
    }

    long arrival() {
        return arrival;
    }

    LogitsProcessor[] processors() {
        return processors;
    }

    int promptLength() {
        return promptLength;
    }

    /** Returns the number of tokens so far, prompt included. */
    int length() {
        return length;
    }

    int tokenId(int position) {
        return tokenIds[position];
    }

    /** Returns prompt and generated tokens, {@link #length} of them; not to be changed. */
    int[] tokenIds() {
        return tokenIds;
    }

    /** Returns the maximum number of positions that its cache will ever hold: the last token of all is not looked at again. */
    int mostPositions() {
        return Math.max(1, tokenIds.length - 1);
    }

    /** Returns the number of generated tokens: the step of the random stream. */
    int generatedCount() {
        return length - promptLength;
    }

    /** Returns a copy of the generated ids. */
    int[] generatedTokenIds() {
        return Arrays.copyOfRange(tokenIds, promptLength, length);
    }

    boolean isWaiting() {
        return cache == null && !hasEnded();
    }

    /** Returns the number of tokens that its cache does not hold yet; the last of them brings forth the next one. */
    int pendingTokens() {
        return length - cache.keysAndValues.length();
    }

    boolean isPromptComputed() {
        return cache.keysAndValues.length() >= promptLength;
    }

    void admitted(SequenceCache place, int prefixTokens, long now) {
        cache = place;
        cachedTokens = prefixTokens;
        admittedAt = now;
    }

    int cachedTokens() {
        return cachedTokens;
    }

    /** Goes on with the token that was chosen at {@code now}, or ends at it. */
    void append(SampledToken token, long now) {
        int before = length;
        append(token.id());
        if (firstTokenAt == 0 && length > before) {
            firstTokenAt = now;
        }
    }

    private void append(int tokenId) {
        for (StopCriteria criterion : criteria) {
            StopReason reason = criterion.before(tokenId);
            if (reason != null) {
                finish(reason, criterion);
                return;
            }
        }
        tokenIds[length++] = tokenId;
        for (LogitsProcessor processor : processors) {
            processor.accept(tokenId);
        }
        for (StopCriteria criterion : criteria) {
            StopReason reason = criterion.after(this);
            if (reason != null) {
                finish(reason, criterion);
                return;
            }
        }
        checkLimits();
    }

    private void finish(StopReason reason, StopCriteria criterion) {
        stopReason = reason;
        endedBy = criterion;
    }

    private void checkLimits() {
        if (generatedCount() >= parameters().maxTokens()) {
            stopReason = StopReason.MAX_TOKENS;
        } else if (length >= maxContext) {
            stopReason = StopReason.MAX_CONTEXT;
        }
    }

    /** Returns whether it needs no further token. */
    boolean isFinished() {
        return stopReason != null;
    }

    /** Finishes it where it stands. */
    void cancel() {
        finish(StopReason.CANCELLED, null);
    }

    /** Returns its text as it is answered. */
    String text(String decoded) {
        return endedBy == null ? decoded : endedBy.cut(decoded);
    }

    /** Returns whether its completion or its failure is there. */
    boolean hasEnded() {
        return completion != null || failure != null;
    }

    void complete(int[] generated, String text, long now) {
        long start = admittedAt == 0 ? now : admittedAt;
        completion = new Completion(
                0,
                choice,
                promptLength,
                generated,
                text,
                stopReason,
                null,
                -1,
                null,
                null,
                cachedTokens,
                start - group.submittedAt(),
                firstTokenAt == 0 ? 0 : firstTokenAt - start,
                now - start);
        cache = null;
    }

    void fail(RuntimeException cause) {
        failure = cause;
        cache = null;
    }

    /** Returns its completion; null before its end, or if it failed. */
    Completion completion() {
        return completion;
    }

    /** Returns why it failed, or null. */
    RuntimeException failure() {
        return failure;
    }
}
