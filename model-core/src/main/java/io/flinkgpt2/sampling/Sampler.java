package io.flinkgpt2.sampling;

import io.flinkgpt2.tensor.Kernels;

/**
 * Chooses the next token. Owns scratch for one thread; allocates nothing afterwards.
 *
 * <p>Everything runs in a fixed order, so the same logits, parameters and random number give the same id and the same
 * log-probabilities: see {@link Candidates} and {@link TokenScorer}. A candidate whose logit is negative infinity has no weight
 * and is never drawn.
 */
public final class Sampler {

    private final Kernels kernels;
    private final int vocabularySize;
    private final Candidates candidates;
    private final TokenScorer scorer;
    /** The logits that the processors change, where the model's are still needed to score the token. */
    private final float[] processed;

    private final SampledToken token = new SampledToken();

    /** @param vocabularySize number of logits, 1 or more */
    public Sampler(Kernels kernels, int vocabularySize) {
        this.kernels = kernels;
        this.vocabularySize = vocabularySize;
        this.candidates = new Candidates(kernels, vocabularySize);
        this.scorer = new TokenScorer(kernels, vocabularySize);
        this.processed = new float[vocabularySize];
    }

    /** Returns the scorer that this sampler uses, for other tokens of the same thread. */
    public TokenScorer scorer() {
        return scorer;
    }

    /** Chooses the token of one step without scoring it. */
    public SampledToken sample(
            float[] logits,
            int offset,
            LogitsProcessor[] processors,
            GenerationParameters parameters,
            int choice,
            int step) {
        return sample(logits, offset, processors, parameters, choice, step, null);
    }

    /**
     * Chooses the token of one step.
     *
     * @param logits {@code vocab_size} floats from {@code offset}; the processors may change them
     * @param processors applied to the logits in their order; empty if the request asks for none
     * @param choice index of the completion within its request; with the seed and the step it gives the random number
     * @param step number of tokens generated so far
     * @param scores takes the log-probabilities of the token, which are those before the processors; null: none are wanted
     * @return the token, valid until the next call
     * @throws ArithmeticException if there is a NaN among the logits, or no finite one
     */
    public SampledToken sample(
            float[] logits,
            int offset,
            LogitsProcessor[] processors,
            GenerationParameters parameters,
            int choice,
            int step,
            TokenScores scores) {
        if (scores == null || processors.length == 0) {
            token.id = choose(logits, offset, processors, parameters, choice, step);
        } else {
            System.arraycopy(logits, offset, processed, 0, vocabularySize);
            token.id = choose(processed, 0, processors, parameters, choice, step);
        }
        token.logProbability = scores == null ? Float.NaN : scorer.score(logits, offset, token.id, scores);
        return token;
    }

    private int choose(
            float[] logits,
            int offset,
            LogitsProcessor[] processors,
            GenerationParameters parameters,
            int choice,
            int step) {
        for (LogitsProcessor processor : processors) {
            processor.apply(logits, offset, vocabularySize);
        }
        int best = kernels.argMax(logits, offset, vocabularySize);
        if (best < 0 || Float.isInfinite(logits[offset + best])) {
            throw noToken(best < 0 ? Float.NaN : logits[offset + best], processors.length > 0, step);
        }
        SamplingParameters sampling = parameters.sampling();
        if (sampling.isGreedy()) {
            return best;
        }
        candidates.start(logits, offset, best);
        if (sampling.topK() > 0) {
            candidates.keepTopK(sampling.topK());
        }
        candidates.weigh(sampling.temperature());
        if (sampling.typicalP() < 1) {
            candidates.keepTypical(sampling.typicalP());
        }
        if (sampling.topP() < 1) {
            candidates.keepTopP(sampling.topP());
        }
        if (sampling.minP() > 0) {
            candidates.keepMinP(sampling.minP());
        }
        return candidates.draw(RandomStream.uniform(parameters.seed(), choice, step));
    }

    /**
     * Returns the exception that says why no token can be chosen.
     *
     * @param largest the largest of the logits: not a number, or infinite
     * @param processed whether processors changed the logits
     */
    static ArithmeticException noToken(float largest, boolean processed, int step) {
        String found = "no token can be chosen at step " + step + ": the largest of the logits is "
                + (Float.isNaN(largest) ? "not a number" : largest) + ", expected a finite number; ";
        if (processed && largest == Float.NEGATIVE_INFINITY) {
            return new ArithmeticException(
                    found + "the request's fields rule out every token: relax allowed_token_ids, "
                            + "bad_words, no_repeat_ngram_size, min_tokens, stop_token_ids or structured_outputs");
        }
        String remedy = processed ? ", or repetition_penalty is too far from 1" : "";
        return new ArithmeticException(found + "the weights are damaged, or too large for float32" + remedy);
    }
}
