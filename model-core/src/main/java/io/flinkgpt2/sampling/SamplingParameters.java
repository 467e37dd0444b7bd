package io.flinkgpt2.sampling;

/**
 * The sampling parameters of a request: how a token is drawn from the logits.
 *
 * <p>Candidates are ordered by logit descending, then by id ascending. Applied in this order: temperature, top-k, typical,
 * top-p, min-p.
 *
 * @param temperature 0 or more; below {@value #GREEDY_BELOW} the best candidate is taken
 * @param topK only the best {@code topK} candidates take part; 0: all
 * @param topP only the best candidates take part that together reach this share of the probability, at least one; above 0,
 *     at most 1 (1: all)
 * @param minP only candidates take part whose probability is at least this share of the best one's; 0 (all) to 1
 * @param typicalP only the candidates take part whose information is closest to the entropy and that together reach this share
 *     of the probability, at least one; above 0, at most 1 (1: all)
 */
public record SamplingParameters(double temperature, int topK, double topP, double minP, double typicalP) {

    /** Temperatures below this one mean arg max. */
    public static final double GREEDY_BELOW = 1e-6;

    /** @throws IllegalArgumentException if a parameter is out of its range; names it as the records do */
    public SamplingParameters {
        // State that was written before there was a typical_p gives 0.
        typicalP = typicalP == 0 ? 1 : typicalP;
        if (!(temperature >= 0 && temperature < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("temperature: found " + temperature + ", expected 0 or more");
        }
        if (topK < 0) {
            throw new IllegalArgumentException("top_k: found " + topK + ", expected 0 (off) or more");
        }
        requireShare("top_p", topP);
        requireShare("typical_p", typicalP);
        if (!(minP >= 0 && minP <= 1)) {
            throw new IllegalArgumentException("min_p: found " + minP + ", expected 0..1");
        }
    }

    /** Without min-p and typical. */
    public SamplingParameters(double temperature, int topK, double topP) {
        this(temperature, topK, topP, 0, 1);
    }

    private static void requireShare(String name, double value) {
        if (!(value > 0 && value <= 1)) {
            throw new IllegalArgumentException(name + ": found " + value + ", expected above 0 and at most 1");
        }
    }

    /** Returns whether no random number is needed. */
    public boolean isGreedy() {
        return temperature < GREEDY_BELOW;
    }
}
