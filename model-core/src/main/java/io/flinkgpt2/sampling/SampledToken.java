package io.flinkgpt2.sampling;

/**
 * The token that was chosen at a step, and what the request wants to know of the choice. A {@link Sampler} owns one and
 * overwrites it at its next call, so that a step allocates nothing.
 */
public final class SampledToken {
    int id;
    float logProbability = Float.NaN;

    SampledToken() {}

    /** Returns the token's id, 0..{@code vocab_size} - 1. */
    public int id() {
        return id;
    }

    /** Returns the token's log-probability by the model, before any processor; NaN if no scores were wanted. */
    public float logProbability() {
        return logProbability;
    }
}
