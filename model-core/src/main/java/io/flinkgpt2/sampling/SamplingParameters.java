package io.flinkgpt2.sampling;

/**
 * The sampling parameters of a request: temperature, top-k and top-p.
 *
 * <p>Candidates are ordered by logit descending, then by id ascending. Applied in this order: temperature, top-k, top-p.
 *
 * @param temperature 0 or more; below {@value #GREEDY_BELOW} the best candidate is taken
 * @param topK only the best {@code topK} candidates take part; 0: all
 * @param topP only the best candidates take part that together reach this share of the probability, at least one; above 0,
 *     at most 1 (1: all)
 */
public record SamplingParameters(double temperature, int topK, double topP) {

    /** Temperatures below this one mean arg max. */
    public static final double GREEDY_BELOW = 1e-6;

    /** @throws IllegalArgumentException if a parameter is out of its range; names it as the records do */
    public SamplingParameters {
        if (!(temperature >= 0 && temperature < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("temperature: found " + temperature + ", expected 0 or more");
        }
        if (topK < 0) {
            throw new IllegalArgumentException("top_k: found " + topK + ", expected 0 (off) or more");
        }
        if (!(topP > 0 && topP <= 1)) {
            throw new IllegalArgumentException("top_p: found " + topP + ", expected above 0 and at most 1");
        }
    }

    /** Returns whether no random number is needed. */
    public boolean isGreedy() {
        return temperature < GREEDY_BELOW;
    }
}
