package io.flinkgpt2.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.tensor.Kernels;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Draws follow the softmax: Pearson's chi-square at a fixed seed, and how it fails where the distribution is another. */
class SamplerStatisticsTest {

    private static final int DRAWS = 100_000;
    private static final int VOCABULARY = 60;

    static List<SamplingParameters> parameters() {
        return List.of(
                new SamplingParameters(1, 0, 1),
                new SamplingParameters(0.7, 0, 1),
                new SamplingParameters(1.5, 0, 1),
                new SamplingParameters(1, 12, 1),
                new SamplingParameters(1, 0, 0.8),
                new SamplingParameters(0.8, 25, 0.95));
    }

    @ParameterizedTest
    @MethodSource("parameters")
    void rule4_1_drawsFollowTheSoftmaxOfWhatIsKept(SamplingParameters parameters) {
        float[] logits = logits();
        Sampler sampler = new Sampler(Kernels.best(), VOCABULARY);
        long[] counts = new long[VOCABULARY];
        for (int i = 0; i < DRAWS; i++) {
            // Seeds, choices and steps all take part, as they do in a run of many requests.
            counts[Draw.id(sampler, logits, 0, parameters, i / 100, i % 4, i % 100 / 4)]++;
        }
        assertThat(excess(counts, probabilities(logits, parameters, parameters.temperature())))
                .isLessThan(4);
        assertThat(excess(counts, probabilities(logits, parameters, parameters.temperature() * 1.08)))
                .as("at a temperature 8 %% higher")
                .isGreaterThan(4);
    }

    private static float[] logits() {
        SplittableRandom random = new SplittableRandom(8);
        float[] logits = new float[VOCABULARY];
        for (int id = 0; id < VOCABULARY; id++) {
            logits[id] = (float) random.nextDouble(0, 4);
        }
        return logits;
    }

    /** Standard deviations of chi-square above its mean, over the bins with any probability. */
    private static double excess(long[] counts, double[] probabilities) {
        double chiSquare = 0;
        int bins = 0;
        for (int id = 0; id < counts.length; id++) {
            double expected = probabilities[id] * DRAWS;
            if (expected == 0) {
                assertThat(counts[id]).isZero();
                continue;
            }
            assertThat(expected).as("draws expected of each token").isGreaterThan(5);
            chiSquare += (counts[id] - expected) * (counts[id] - expected) / expected;
            bins++;
        }
        int degrees = bins - 1;
        return (chiSquare - degrees) / Math.sqrt(2.0 * degrees);
    }

    /** Kept by the parameters' own temperature, probable by another. */
    private static double[] probabilities(float[] logits, SamplingParameters parameters, double temperature) {
        List<Integer> best = IntStream.range(0, logits.length)
                .boxed()
                .sorted(Comparator.comparing((Integer id) -> -logits[id]))
                .limit(parameters.topK() == 0 ? logits.length : parameters.topK())
                .toList();
        double[] weights = softmax(logits, best, parameters.temperature());
        int kept = 0;
        double sum = 0;
        while (kept < best.size() && (parameters.topP() == 1 || sum < parameters.topP())) {
            sum += weights[best.get(kept)];
            kept++;
        }
        return softmax(logits, best.subList(0, kept), temperature);
    }

    private static double[] softmax(float[] logits, List<Integer> ids, double temperature) {
        double[] probabilities = new double[logits.length];
        for (int id : ids) {
            probabilities[id] = StrictMath.exp(logits[id] / temperature);
        }
        double total = Arrays.stream(probabilities).sum();
        return Arrays.stream(probabilities).map(weight -> weight / total).toArray();
    }
}
