package io.flinkgpt2.sampling;

import java.util.Objects;

/**
 * The parameters of a request beside its prompt. The request's record, the job's state and the engine carry this object as it
 * is, so a new parameter is a component here, a setter of the {@link Builder}, and its use.
 *
 * @param sampling how each token is chosen
 * @param maxTokens maximum number of tokens to generate, 0 or more
 * @param ignoreEndOfText whether end of text is a token like any other, so that {@code maxTokens} are generated
 * @param seed seed of the random streams
 * @param choices number of completions, 1..{@value #MAX_CHOICES}; each has a random stream of its own
 */
public record GenerationParameters(
        SamplingParameters sampling, int maxTokens, boolean ignoreEndOfText, long seed, int choices) {

    /** Maximum number of completions of one request. */
    public static final int MAX_CHOICES = 128;

    /** @throws IllegalArgumentException if a parameter is out of its range; names it as the records do */
    public GenerationParameters {
        Objects.requireNonNull(sampling, "sampling");
        if (maxTokens < 0) {
            throw new IllegalArgumentException("max_tokens: found " + maxTokens + ", expected 0 or more");
        }
        if (choices < 1 || choices > MAX_CHOICES) {
            throw new IllegalArgumentException("n: found " + choices + ", expected 1.." + MAX_CHOICES);
        }
    }

    /** Returns a builder with the defaults of the records: 16 tokens, temperature 1, one choice, seed 0. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns the parameters of a request that always takes the best token. */
    public static GenerationParameters greedy(int maxTokens) {
        return builder().setMaxTokens(maxTokens).setTemperature(0).build();
    }

    /** Returns the seed of a request that brings none: a function of its identity, so that a replay repeats the text. */
    public static long seedOf(String customId) {
        return RandomStream.seedOf(customId);
    }

    /** Sets parameters one by one; those not set have their defaults. */
    public static final class Builder {
        private int maxTokens = 16;
        private double temperature = 1;
        private int topK;
        private double topP = 1;
        private boolean ignoreEndOfText;
        private Long seed;
        private int choices = 1;

        private Builder() {}

        /** @param maxTokens maximum number of tokens to generate, 0 or more */
        public Builder setMaxTokens(int maxTokens) {
            this.maxTokens = maxTokens;
            return this;
        }

        /** @param temperature 0 or more; 0 always takes the best token */
        public Builder setTemperature(double temperature) {
            this.temperature = temperature;
            return this;
        }

        /** @param topK number of best tokens that take part; 0: all */
        public Builder setTopK(int topK) {
            this.topK = topK;
            return this;
        }

        /** @param topP share of the probability that the tokens that take part reach, above 0 and at most 1 */
        public Builder setTopP(double topP) {
            this.topP = topP;
            return this;
        }

        /** @param ignore whether end of text is a token like any other */
        public Builder setIgnoreEndOfText(boolean ignore) {
            this.ignoreEndOfText = ignore;
            return this;
        }

        /** @param seed seed of the random streams */
        public Builder setSeed(long seed) {
            this.seed = seed;
            return this;
        }

        /** @param seed seed of the random streams, unless one was set */
        public Builder setSeedIfAbsent(long seed) {
            this.seed = this.seed == null ? Long.valueOf(seed) : this.seed;
            return this;
        }

        /** @param choices number of completions, 1..{@value GenerationParameters#MAX_CHOICES} */
        public Builder setChoices(int choices) {
            this.choices = choices;
            return this;
        }

        /** @throws IllegalArgumentException if a parameter is out of its range; names it as the records do */
        public GenerationParameters build() {
            SamplingParameters sampling = new SamplingParameters(temperature, topK, topP);
            return new GenerationParameters(sampling, maxTokens, ignoreEndOfText, seed == null ? 0 : seed, choices);
        }
    }
}
