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
        if (parameters.topP() < 1) {
            boolean early = mistake == Mistake.TOP_P_BEFORE_TEMPERATURE;
            keepShare(kept, weights(logits, early ? 1 : parameters.temperature()), parameters.topP());
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

    int sample(float[] logits, SamplingParameters parameters, long seed, int choice, int step) {
        if (parameters.temperature() < 1e-6) {
            return kept(logits, new SamplingParameters(1, 1, 1)).iterator().next();
        }
        Set<Integer> kept = kept(logits, parameters);
        BigDecimal[] weights = weights(logits, parameters.temperature());
        BigDecimal target = new BigDecimal(RandomStream.uniform(seed, choice, step))
                .multiply(sum(kept.stream().map(id -> weights[id]).toList()));
        BigDecimal sum = BigDecimal.ZERO;
        List<Integer> order = mistake == Mistake.DRAW_BEST_FIRST
                ? List.copyOf(kept)
                : kept.stream().sorted().toList();
        for (int id : order) {
            sum = sum.add(weights[id]);
            if (sum.compareTo(target) > 0) {
                return id;
            }
        }
        throw new AssertionError("the random number is not below 1");
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
