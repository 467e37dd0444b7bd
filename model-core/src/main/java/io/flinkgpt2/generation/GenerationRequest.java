package io.flinkgpt2.generation;

import io.flinkgpt2.sampling.RandomStream;
import io.flinkgpt2.sampling.SamplingParameters;
import java.util.Objects;

/**
 * One completion to generate.
 *
 * @param promptTokenIds the prompt, not to be changed afterwards; empty: generation begins from end of text
 * @param maxTokens the most tokens to generate, 0 or more
 * @param sampling how each token is chosen
 * @param seed of the random stream
 * @param choice index of the choice within its request, 0 or more; each has a random stream of its own
 * @param ignoreEndOfText whether end of text is a token like any other, so that {@code maxTokens} are generated
 */
@SuppressWarnings("ArrayRecordComponent") // never compared or hashed, and a list would box every id
public record GenerationRequest(
        int[] promptTokenIds,
        int maxTokens,
        SamplingParameters sampling,
        long seed,
        int choice,
        boolean ignoreEndOfText) {

    public GenerationRequest {
        Objects.requireNonNull(promptTokenIds, "promptTokenIds");
        Objects.requireNonNull(sampling, "sampling");
        if (maxTokens < 0) {
            throw new IllegalArgumentException("max_tokens: found " + maxTokens + ", expected 0 or more");
        }
        if (choice < 0) {
            throw new IllegalArgumentException("choice: found " + choice + ", expected 0 or more");
        }
    }

    /** A request that ends at end of text. */
    public GenerationRequest(int[] promptTokenIds, int maxTokens, SamplingParameters sampling, long seed, int choice) {
        this(promptTokenIds, maxTokens, sampling, seed, choice, false);
    }

    /** This request, not to end at end of text. */
    public GenerationRequest ignoringEndOfText() {
        return new GenerationRequest(promptTokenIds, maxTokens, sampling, seed, choice, true);
    }

    /** The seed of a request that brings none: a function of its identity, so that a replay repeats the text. */
    public static long seedOf(String customId) {
        return RandomStream.seedOf(customId);
    }
}
