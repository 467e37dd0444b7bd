package io.flinkgpt2.sampling;

import io.flinkgpt2.tensor.Kernels;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * A sampler as one would write it down: candidates sorted, sums in exact decimal arithmetic. It takes only the exponential
 * from the kernels. It can make a mistake on purpose, to show that a comparison with it would notice.
 */
final class ReferenceSampler {

    /** What an implementation might do wrong. */
    enum Mistake {
        NONE,
        TOP_P_BEFORE_TEMPERATURE,
        TOP_P_WITHOUT_RENORMALISATION_AFTER_TOP_K,
        TOP_P_WITHOUT_THE_CANDIDATE_THAT_REACHES_IT,
        HIGHEST_ID_FIRST_ON_A_TIE,
        ALL_TIES_OF_THE_LAST_KEPT,
        TYPICAL_AFTER_TOP_P,
        TYPICAL_WITHOUT_RENORMALISATION_AFTER_TOP_K,
        TYPICAL_WITHOUT_THE_CANDIDATE_THAT_REACHES_IT,
        THE_WORSE_OF_EQUALLY_TYPICAL_ONES,
        MIN_P_OF_ALL_PROBABILITY,
        MIN_P_BEFORE_TYPICAL,
        DRAW_BEST_FIRST
    }

    private final Mistake mistake;

    ReferenceSampler(Mistake mistake) {
        this.mistake = mistake;
    }

    /** The candidates that take part, best first. */
    Set<Integer> kept(float[] logits, SamplingParameters parameters) {
        Comparator<Integer> byId = Comparator.naturalOrder();
        List<Integer> sorted = IntStream.range(0, logits.length)
                .boxed()
                .sorted(Comparator.comparing((Integer id) -> -logits[id])
                        .thenComparing(mistake == Mistake.HIGHEST_ID_FIRST_ON_A_TIE ? byId.reversed() : byId))
                .toList();
        int most = parameters.topK() == 0 ? logits.length : Math.min(parameters.topK(), logits.length);
        Set<Integer> kept = new LinkedHashSet<>(sorted.subList(0, most));
        BigDecimal[] weights = weights(logits, parameters.temperature());
        if (mistake == Mistake.MIN_P_BEFORE_TYPICAL) {
            keepMinP(kept, weights, parameters.minP());
        }
        if (mistake != Mistake.TYPICAL_AFTER_TOP_P) {
            keepTypical(kept, logits, weights, parameters.typicalP());
        }
        if (parameters.topP() < 1) {
            boolean early = mistake == Mistake.TOP_P_BEFORE_TEMPERATURE;
            keepShare(kept, early ? weights(logits, 1) : weights, parameters.topP());
        }
        if (mistake == Mistake.TYPICAL_AFTER_TOP_P) {
            keepTypical(kept, logits, weights, parameters.typicalP());
        }
        if (mistake != Mistake.MIN_P_BEFORE_TYPICAL) {
            keepMinP(kept, weights, parameters.minP());
        }
        if (mistake == Mistake.ALL_TIES_OF_THE_LAST_KEPT) {
            float lowest = kept.stream()
                    .map(id -> logits[id])
                    .min(Comparator.naturalOrder())
                    .orElseThrow();
            sorted.stream().filter(id -> logits[id] == lowest).forEach(kept::add);
        }
        return kept;
    }

    private void keepShare(Set<Integer> kept, BigDecimal[] weights, double topP) {
        boolean ofAll = mistake == Mistake.TOP_P_WITHOUT_RENORMALISATION_AFTER_TOP_K;
        BigDecimal total = ofAll
                ? sum(Arrays.asList(weights))
                : sum(kept.stream().map(id -> weights[id]).toList());
        BigDecimal share = new BigDecimal(topP).multiply(total);
        BigDecimal sum = BigDecimal.ZERO;
        Set<Integer> within = new LinkedHashSet<>();
        for (int id : kept) {
            if (!within.isEmpty() && sum.compareTo(share) >= 0) {
                break;
            }
            sum = sum.add(weights[id]);
            boolean tooFar = mistake == Mistake.TOP_P_WITHOUT_THE_CANDIDATE_THAT_REACHES_IT && sum.compareTo(share) > 0;
            if (!tooFar || within.isEmpty()) {
                within.add(id);
            }
        }
        kept.retainAll(within);
    }

    /** By the definition: information less entropy, ascending, until the probability is reached. */
    private void keepTypical(Set<Integer> kept, float[] logits, BigDecimal[] weights, double typicalP) {
        if (typicalP == 1) {
            return;
        }
        boolean ofAll = mistake == Mistake.TYPICAL_WITHOUT_RENORMALISATION_AFTER_TOP_K;
        BigDecimal total = ofAll
                ? sum(Arrays.asList(weights))
                : sum(kept.stream().map(id -> weights[id]).toList());
        double[] logProbabilities = new double[weights.length];
        double entropy = 0;
        for (int id : kept) {
            double logProbability = StrictMath.log(weights[id].doubleValue()) - StrictMath.log(total.doubleValue());
            logProbabilities[id] = logProbability;
            if (weights[id].signum() > 0) {
                entropy -= StrictMath.exp(logProbability) * logProbability;
            }
        }
        double of = entropy;
        Comparator<Integer> better =
                Comparator.comparing((Integer id) -> -logits[id]).thenComparing(id -> id);
        List<Integer> sorted = kept.stream()
                .sorted(Comparator.comparing((Integer id) -> Math.abs(-logProbabilities[id] - of))
                        .thenComparing(
                                mistake == Mistake.THE_WORSE_OF_EQUALLY_TYPICAL_ONES ? better.reversed() : better))
                .toList();
        BigDecimal share = new BigDecimal(typicalP).multiply(total);
        BigDecimal sum = BigDecimal.ZERO;
        Set<Integer> typical = new LinkedHashSet<>();
        for (int id : sorted) {
            if (!typical.isEmpty() && sum.compareTo(share) >= 0) {
                break;
            }
            sum = sum.add(weights[id]);
            boolean tooFar =
                    mistake == Mistake.TYPICAL_WITHOUT_THE_CANDIDATE_THAT_REACHES_IT && sum.compareTo(share) > 0;
            if (!tooFar || typical.isEmpty()) {
                typical.add(id);
            }
        }
        kept.retainAll(typical);
    }

    private void keepMinP(Set<Integer> kept, BigDecimal[] weights, double minP) {
        List<BigDecimal> left = kept.stream().map(id -> weights[id]).toList();
        BigDecimal one = mistake == Mistake.MIN_P_OF_ALL_PROBABILITY
                ? sum(left)
                : left.stream().max(Comparator.naturalOrder()).orElseThrow();
        BigDecimal least = one.multiply(new BigDecimal(minP));
        if (left.stream().anyMatch(weight -> weight.compareTo(least) >= 0)) {
            kept.removeIf(id -> weights[id].compareTo(least) < 0);
        }
    }

    /** The tokens of the first steps. */
    int[] sample(float[] logits, SamplingParameters parameters, long seed, int choice, int steps) {
        int[] drawn = new int[steps];
        if (parameters.temperature() < 1e-6) {
            Arrays.fill(
                    drawn,
                    kept(logits, new SamplingParameters(1, 1, 1)).iterator().next());
            return drawn;
        }
        Set<Integer> kept = kept(logits, parameters);
        BigDecimal[] weights = weights(logits, parameters.temperature());
        BigDecimal total = sum(kept.stream().map(id -> weights[id]).toList());
        List<Integer> order = mistake == Mistake.DRAW_BEST_FIRST
                ? List.copyOf(kept)
                : kept.stream().sorted().toList();
        for (int step = 0; step < steps; step++) {
            BigDecimal target = new BigDecimal(RandomStream.uniform(seed, choice, step)).multiply(total);
            BigDecimal sum = BigDecimal.ZERO;
            int next = 0;
            while (sum.compareTo(target) <= 0) {
                drawn[step] = order.get(next);
                sum = sum.add(weights[order.get(next++)]);
            }
        }
        return drawn;
    }

    /** Unnormalised probabilities, exactly as the kernels' float32 values are. */
    private static BigDecimal[] weights(float[] logits, double temperature) {
        float max = Float.NEGATIVE_INFINITY;
        for (float logit : logits) {
            max = Math.max(max, logit);
        }
        float[] weights = new float[logits.length];
        Kernels.reference().exponentials(weights, logits, 0, logits.length, max, (float) (1 / temperature));
        return IntStream.range(0, weights.length)
                .mapToObj(id -> logits[id] == Float.NEGATIVE_INFINITY ? BigDecimal.ZERO : new BigDecimal(weights[id]))
                .toArray(BigDecimal[]::new);
    }

    private static BigDecimal sum(List<BigDecimal> values) {
        return values.stream().reduce(BigDecimal.ZERO, BigDecimal::add);
    }
}
