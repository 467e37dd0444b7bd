package io.flinkgpt2.sampling;

/**
 * Beam search: the width is the request's number of choices.
 *
 * @param lengthPenalty power of its number of tokens that a hypothesis' summed log-probability is divided by
 * @param earlyStopping whether it ends as soon as as many hypotheses as the width have ended; else when no running one can beat
 *     the worst of those
 */
public record BeamParameters(double lengthPenalty, boolean earlyStopping) {

    /** Maximum width. */
    public static final int MAX_WIDTH = 32;

    /** @throws IllegalArgumentException if a parameter is out of its range; names it as the records do */
    public BeamParameters {
        if (!Double.isFinite(lengthPenalty)) {
            throw new IllegalArgumentException("length_penalty: found " + lengthPenalty + ", expected a number");
        }
    }
}
