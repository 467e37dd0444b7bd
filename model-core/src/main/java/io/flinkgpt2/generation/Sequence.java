package io.flinkgpt2.generation;

import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.sampling.LogitsProcessor;
import java.util.Arrays;

/**
 * One choice of a request, or one beam: its tokens so far, where they are computed, and how it ends. The number of its
 * generated tokens is its position in the random stream.
 *
 * <p>Where log-probabilities are wanted, known tokens are scored too: those of a prompt by the first of its choices, and
 * those from before an interruption by the pass that computes them again.
 */
final class Sequence {
    private static final LogitsProcessor[] NO_PROCESSORS = {};

    private final RequestGroup group;
    private final Prompt prompt;
    private final int choice;
    private final long arrival;
    private final int maxContext;
    /** Prompt, then generated tokens. */
    private final int[] tokenIds;

    private final LogitsProcessor[] processors;
    private final StopCriteria[] criteria;
    private final SequenceScores scores;
    /** Sums of a beam's log-probabilities after the processors, for each number of generated tokens; null without beams. */
    private final double[] logProbabilitySums;

    /** Keys and values while it runs; null while it waits and after its end. */
    SequenceCache cache;

    /** The beam search that it belongs to, or null. */
    BeamSearch search;

    private int length;
    private Stop stop;
    private int cachedTokens;
    private long admittedAt;
    private long firstTokenAt;
    private Completion completion;
    private RuntimeException failure;

    /**
     * @param choice index among the choices of the request, those of its first prompt first
     * @param arrival number of sequences that arrived before it
     * @param generatedTokenIds tokens from before it was interrupted; those past its end, as the limits are now, are left out
     * @param maxContext maximum number of tokens of prompt and completion together
     */
    Sequence(
            RequestGroup group,
            Prompt prompt,
            int choice,
            long arrival,
            int[] generatedTokenIds,
            int maxContext,
            SequenceFeatures features) {
        GenerationParameters parameters = group.parameters();
        this.group = group;
        this.prompt = prompt;
        this.choice = choice;
        this.arrival = arrival;
        this.maxContext = maxContext;
        this.tokenIds = Arrays.copyOf(
                prompt.tokenIds(), (int) Math.min(maxContext, (long) prompt.length() + parameters.maxTokens()));
        this.length = prompt.length();
        this.processors = features.processors(parameters, prompt.tokenIds(), tokenIds.length)
                .toArray(NO_PROCESSORS);
        this.criteria = features.stopCriteria(parameters).toArray(StopCriteria[]::new);
        this.scores = SequenceScores.of(
                group,
                prompt,
                choice == prompt.index() * parameters.bestOf(),
                tokenIds.length - prompt.length(),
                features.vocabularySize());
        this.logProbabilitySums = parameters.beams() == null ? null : new double[tokenIds.length - prompt.length() + 1];
        endIfComplete();
        for (int i = 0; i < generatedTokenIds.length && !isFinished(); i++) {
            append(generatedTokenIds[i]);
        }
    }

    /** A beam that goes on from another one. */
    private Sequence(Sequence parent) {
        this.group = parent.group;
        this.prompt = parent.prompt;
        this.choice = parent.choice;
        this.arrival = parent.arrival;
        this.maxContext = parent.maxContext;
        this.tokenIds = parent.tokenIds.clone();
        this.length = parent.length;
        this.processors =
                Arrays.stream(parent.processors).map(LogitsProcessor::fork).toArray(LogitsProcessor[]::new);
        this.criteria = Arrays.stream(parent.criteria).map(StopCriteria::fork).toArray(StopCriteria[]::new);
        this.scores = parent.scores.fork();
        this.logProbabilitySums = parent.logProbabilitySums == null ? null : parent.logProbabilitySums.clone();
        this.search = parent.search;
        this.cachedTokens = parent.cachedTokens;
        this.admittedAt = parent.admittedAt;
        this.firstTokenAt = parent.firstTokenAt;
    }

    /** Returns a sequence with the same tokens so far and no cache. */
    Sequence fork() {
        return new Sequence(this);
    }

    RequestGroup group() {
        return group;
    }

    GenerationParameters parameters() {
        return group.parameters();
    }

    Prompt prompt() {
        return prompt;
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

    /** Returns the log-probabilities of its tokens so far. */
    SequenceScores scores() {
        return scores;
    }

    int promptLength() {
        return prompt.length();
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
        return length - promptLength();
    }

    /** Returns a copy of the generated ids. */
    int[] generatedTokenIds() {
        return Arrays.copyOfRange(tokenIds, promptLength(), length);
    }

    /** Returns the number of places that it takes in a batch: those of all beams for the first sequence of a search. */
    int width() {
        return search == null ? 1 : search.width();
    }

    boolean isWaiting() {
        return search == null ? cache == null && !hasEnded() : !search.isAdmitted();
    }

    /** Returns the number of tokens that its cache does not hold yet and that it needs computed. */
    int pendingTokens() {
        return (isFinished() ? length - 1 : length) - cache.keysAndValues.length();
    }

    /** Returns whether the logits of a position are needed: to choose the next token, or to score the one that is there. */
    boolean wantsLogits(int position) {
        return position + 1 == length ? !isFinished() : scores.wants(position + 1);
    }

    /** Returns whether tokens that are known are still to be scored. */
    boolean hasTokensToScore() {
        return scores.wantsAny(generatedCount());
    }

    /** Returns the number of its first positions whose logits it does not need, so that another sequence's may serve. */
    int reusablePositions() {
        return scores.unneededPositions(length);
    }

    boolean isPromptComputed() {
        return cache.keysAndValues.length() >= promptLength();
    }

    void admitted(SequenceCache place, int prefixTokens, long now) {
        cache = place;
        cachedTokens = prefixTokens;
        admittedAt = now;
    }

    int cachedTokens() {
        return cachedTokens;
    }

    /** @param logProbabilitySum of the beam's tokens with this one, after the processors */
    void appendBeam(int tokenId, double logProbabilitySum, long now) {
        logProbabilitySums[generatedCount() + 1] = logProbabilitySum;
        append(tokenId, now);
    }

    /** Returns the sum that the beam was given with its last token. */
    double logProbabilitySum() {
        return logProbabilitySums[generatedCount()];
    }

    /** Returns the number of tokens of a beam that ended, with the one that ended it. */
    int endedLength() {
        boolean leftOut = stop.endsAtToken() && !parameters().stop().includeInOutput();
        return leftOut ? generatedCount() + 1 : generatedCount();
    }

    /** Returns the sum over those. */
    double endedLogProbabilitySum() {
        return logProbabilitySums[endedLength()];
    }

    /** Goes on with the token that was chosen at {@code now}, or ends at it. */
    void append(int tokenId, long now) {
        int before = length;
        append(tokenId);
        if (firstTokenAt == 0 && length > before) {
            firstTokenAt = now;
        }
    }

    private void append(int tokenId) {
        Stop ending = null;
        for (int i = 0; i < criteria.length && ending == null; i++) {
            ending = criteria[i].before(tokenId);
        }
        if (ending == null || parameters().stop().includeInOutput()) {
            tokenIds[length++] = tokenId;
        }
        if (ending != null) {
            end(ending);
            return;
        }
        for (LogitsProcessor processor : processors) {
            processor.accept(tokenId);
        }
        endIfComplete();
    }

    private void endIfComplete() {
        for (StopCriteria criterion : criteria) {
            Stop ending = generatedCount() == 0 ? criterion.atStart(this) : criterion.after(this);
            if (ending != null) {
                end(ending);
                return;
            }
        }
        if (generatedCount() >= parameters().maxTokens()) {
            end(Stop.of(StopReason.MAX_TOKENS));
        } else if (length >= maxContext) {
            end(Stop.of(StopReason.MAX_CONTEXT));
        }
    }

    /** Ends it where it stands, or where an end was found earlier. */
    void end(Stop ending) {
        Stop earliest = ending;
        for (StopCriteria criterion : criteria) {
            Stop held = criterion.settle(this);
            if (held != null) {
                earliest = held;
            }
        }
        stop = earliest;
        length = promptLength() + earliest.cut(generatedCount());
    }

    /** Ends it where it stands if it still needs tokens; one that only waits for scores keeps its reason. */
    void endUnlessFinished(Stop ending) {
        if (stop == null) {
            end(ending);
        }
    }

    /** Returns whether it needs no further token. */
    boolean isFinished() {
        return stop != null;
    }

    /** Returns how it ended; null if it has not. */
    Stop stop() {
        return stop;
    }

    /** Returns whether its completion or its failure is there. */
    boolean hasEnded() {
        return search == null ? completion != null || failure != null : search.hasEnded();
    }

    /** @param decoded text of its generated tokens */
    Completion complete(int[] generated, String decoded, long now) {
        long start = admittedAt == 0 ? now : admittedAt;
        completion = new Completion(
                prompt.index(),
                choice - prompt.index() * parameters().bestOf(),
                promptLength(),
                generated,
                stop.cut(decoded),
                stop.reason(),
                stop.string(),
                stop.tokenId(),
                scores.generated(),
                prompt.scores(),
                cachedTokens,
                start - group.submittedAt(),
                firstTokenAt == 0 ? 0 : firstTokenAt - start,
                now - start);
        cache = null;
        return completion;
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
