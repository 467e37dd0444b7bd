package io.flinkgpt2.sampling;

import io.flinkgpt2.constraint.ConstraintSource;
import java.util.Objects;

/**
 * The parameters of a request beside its prompts. The request's record, the job's state and the engine carry this object as it
 * is, so a new parameter is a component here or in one of its parts, a setter of the {@link GenerationParametersBuilder}, and
 * its use.
 *
 * <p>A part that is null has its default: state that was written before there was one has none.
 *
 * @param sampling how each token is drawn from the logits
 * @param logits what changes the logits before that
 * @param stop what ends a completion, beside its length
 * @param scores which log-probabilities are wanted
 * @param beams beam search; null: none
 * @param constraint what the text must match; null: anything
 * @param maxTokens maximum number of tokens to generate, 0 or more
 * @param seed seed of the random streams
 * @param choices number of completions of each prompt; each has a random stream of its own; with beams, the width
 * @param bestOf number of completions of each prompt from which those of highest mean log-probability are taken,
 *     {@code choices} or more; 0: {@code choices}
 * @param timeoutMillis time after which the request ends with what it has, from its submission on; 0: none
 * @param cacheSalt prefixes are shared with requests of the same salt only; empty: with those that have none
 * @param skipSpecialTokens whether special tokens are left out of the text
 */
public record GenerationParameters(
        SamplingParameters sampling,
        LogitsParameters logits,
        StopParameters stop,
        ScoreParameters scores,
        BeamParameters beams,
        ConstraintSource constraint,
        int maxTokens,
        long seed,
        int choices,
        int bestOf,
        long timeoutMillis,
        String cacheSalt,
        boolean skipSpecialTokens) {

    /** Maximum number of completions of one request, those of all prompts together. */
    public static final int MAX_CHOICES = 128;

    /** @throws IllegalArgumentException if a parameter is out of its range; names it as the records do */
    public GenerationParameters {
        Objects.requireNonNull(sampling, "sampling");
        logits = logits == null ? LogitsParameters.NONE : logits;
        stop = stop == null ? StopParameters.NONE : stop;
        scores = scores == null ? ScoreParameters.OFF : scores;
        bestOf = bestOf == 0 ? choices : bestOf;
        cacheSalt = cacheSalt == null ? "" : cacheSalt;
        if (maxTokens < 0) {
            throw new IllegalArgumentException("max_tokens: found " + maxTokens + ", expected 0 or more");
        }
        if (choices < 1 || choices > MAX_CHOICES) {
            throw new IllegalArgumentException("n: found " + choices + ", expected 1.." + MAX_CHOICES);
        }
        if (bestOf < choices || bestOf > MAX_CHOICES) {
            throw new IllegalArgumentException(
                    "best_of: found " + bestOf + ", expected " + choices + ".." + MAX_CHOICES + ", n or more");
        }
        if (stop.minTokens() > maxTokens) {
            throw new IllegalArgumentException("min_tokens: found " + stop.minTokens() + ", expected at most "
                    + maxTokens + ", the max_tokens of the request");
        }
        if (timeoutMillis < 0) {
            throw new IllegalArgumentException("timeout_ms: found " + timeoutMillis + ", expected 1 or more");
        }
        if (beams != null && choices > BeamParameters.MAX_WIDTH) {
            throw new IllegalArgumentException("n: found " + choices + " with use_beam_search, expected 1.."
                    + BeamParameters.MAX_WIDTH + ", the width of the beams");
        }
        if (beams != null && bestOf != choices) {
            throw new IllegalArgumentException(
                    "best_of: found " + bestOf + " with use_beam_search, expected none; n is the width of the beams");
        }
    }

    /** Returns a builder with the defaults of the records: 16 tokens, temperature 1, one choice, seed 0. */
    public static GenerationParametersBuilder builder() {
        return new GenerationParametersBuilder();
    }

    /** Returns the parameters of a request that always takes the best token. */
    public static GenerationParameters greedy(int maxTokens) {
        return builder().setMaxTokens(maxTokens).setTemperature(0).build();
    }

    /** Returns the seed of a request that brings none: a function of its identity, so that a replay repeats the text. */
    public static long seedOf(String customId) {
        return RandomStream.seedOf(customId);
    }

    /** Returns the parameters under their names in records: the main ones, and those that differ from their default. */
    @Override
    public String toString() {
        return ParameterText.of(this);
    }
}
