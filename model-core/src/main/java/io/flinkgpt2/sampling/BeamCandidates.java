package io.flinkgpt2.sampling;

import io.flinkgpt2.tensor.Kernels;

/**
 * The best continuations of one hypothesis of a beam search: by logit descending, then by id ascending, after the processors.
 * Owns scratch for one thread; allocates nothing afterwards.
 */
public final class BeamCandidates {

    /** Maximum number of continuations: twice the maximum width. */
    public static final int MAX_CANDIDATES = 2 * BeamParameters.MAX_WIDTH;

    private final int vocabularySize;
    private final LogSoftmax softmax;
    private final float[] processed;
    private final BestTokens best = new BestTokens(MAX_CANDIDATES);
    private int size;

    /** @param vocabularySize number of logits of a row, 1 or more */
    public BeamCandidates(Kernels kernels, int vocabularySize) {
        this.vocabularySize = vocabularySize;
        this.softmax = new LogSoftmax(kernels, vocabularySize);
        this.processed = new float[vocabularySize];
    }

    /**
     * Selects the best continuations; those from before are overwritten. There may be fewer than {@code count}, or none, if the
     * vocabulary is smaller or the processors rule out the others.
     *
     * @param logits {@code vocab_size} floats from {@code offset}; left as they are
     * @param processors applied to a copy of the logits, in their order
     * @param count 1..{@link #MAX_CANDIDATES}
     * @param step number of tokens generated so far, for the message of the exception
     * @throws ArithmeticException if there is a NaN or positive infinity among the logits
     */
    public void select(float[] logits, int offset, LogitsProcessor[] processors, int count, int step) {
        float[] row = logits;
        int rowOffset = offset;
        if (processors.length > 0) {
            System.arraycopy(logits, offset, processed, 0, vocabularySize);
            row = processed;
            rowOffset = 0;
            for (LogitsProcessor processor : processors) {
                processor.apply(row, rowOffset, vocabularySize);
            }
        }
        float max = softmax.take(row, rowOffset);
        if (Float.isNaN(max) || max == Float.POSITIVE_INFINITY) {
            throw Sampler.noToken(max, processors.length > 0, step);
        }
        best.select(row, rowOffset, vocabularySize, count);
        size = best.size();
        while (size > 0 && best.logit(size - 1) == Float.NEGATIVE_INFINITY) {
            size--;
        }
    }

    /** Returns the number of continuations that were selected. */
    public int size() {
        return size;
    }

    /** Returns the token of the {@code rank}-th best continuation, from 0. */
    public int tokenId(int rank) {
        return best.id(rank);
    }

    /** Returns the log-softmax of the processed logits at the {@code rank}-th best continuation, from 0. */
    public float logProbability(int rank) {
        return (float) softmax.of(best.logit(rank));
    }

    /** Returns the exception for a step at which no hypothesis has a continuation. */
    public static ArithmeticException noContinuation(int step) {
        return Sampler.noToken(Float.NEGATIVE_INFINITY, true, step);
    }
}
