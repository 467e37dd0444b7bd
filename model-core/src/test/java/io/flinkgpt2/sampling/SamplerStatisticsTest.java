package io.flinkgpt2.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.tensor.Kernels;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Draws follow the softmax: Pearson's chi-square at the level 0.001, with fixed seeds (the draws' are 0..999, the logits' is
 * 8), and how it fails where the distribution is another.
 */
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
                new SamplingParameters(0.8, 25, 0.95),
                new SamplingParameters(1, 0, 1, 0.1, 1),
                new SamplingParameters(1, 0, 1, 0, 0.7),
                new SamplingParameters(1.2, 40, 0.9, 0.15, 0.8));
    }

    /** Each processor that changes probabilities: its parameters alone. */
    static List<LogitsParameters> processors() {
        int[] none = {};
        float[] noBiases = {};
        return List.of(
                new LogitsParameters(new int[] {3, 17, 40}, new float[] {2, -1.5f, 1}, none, List.of(), 0, 1, 0, 0),
                new LogitsParameters(none, noBiases, new int[] {5, 6, 7, 30, 31, 59}, List.of(), 0, 1, 0, 0),
                new LogitsParameters(none, noBiases, none, List.of(), 2, 1, 0, 0),
                new LogitsParameters(none, noBiases, none, List.of(), 0, 1.3, 0, 0),
                new LogitsParameters(none, noBiases, none, List.of(), 0, 1, 0.4, 0),
                new LogitsParameters(none, noBiases, none, List.of(), 0, 1, 0, 0.7),
                new LogitsParameters(none, noBiases, none, List.of(), 0, 1, -0.2, -0.3));
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
        assertThat(overCritical(counts, probabilities(logits, parameters, parameters.temperature())))
                .isLessThan(1);
        assertThat(overCritical(counts, probabilities(logits, parameters, parameters.temperature() * 1.08)))
                .as("at a temperature 8 %% higher")
                .isGreaterThan(1);
    }

    @ParameterizedTest
    @MethodSource("processors")
    void rule4_1_drawsFollowTheSoftmaxOfProcessedLogits(LogitsParameters parameters) {
        List<Integer> prompt = List.of(1, 2, 3, 4, 5, 6, 7, 3, 20, 21, 22);
        List<Integer> generated = List.of(3, 3, 3, 9, 10, 10, 40, 20);
        LogitsProcessor[] processors = LogitsProcessors.of(
                        parameters,
                        0,
                        new int[0],
                        prompt.stream().mapToInt(id -> id).toArray(),
                        List.of(),
                        null,
                        30,
                        VOCABULARY)
                .toArray(LogitsProcessor[]::new);
        for (LogitsProcessor processor : processors) {
            generated.forEach(processor::accept);
        }
        assertThat(processors).hasSize(1);
        float[] logits = logits();
        Sampler sampler = new Sampler(Kernels.best(), VOCABULARY);
        long[] counts = new long[VOCABULARY];
        for (int i = 0; i < DRAWS; i++) {
            GenerationParameters request = GenerationParameters.builder()
                    .setSeed(i / 100)
                    .setChoices(4)
                    .build();
            counts[
                    sampler.sample(logits.clone(), 0, processors, request, i % 4, i % 100 / 4)
                            .id()]++;
        }
        float[] processed = PlainProcessors.apply(
                logits, new PlainProcessors.Wishes(parameters, 0, new int[0], List.of(), null), prompt, generated);
        SamplingParameters plain = new SamplingParameters(1, 0, 1);
        assertThat(overCritical(counts, probabilities(processed, plain, 1))).isLessThan(1);
        List<Integer> drawn = IntStream.range(0, VOCABULARY)
                .filter(id -> counts[id] > 0)
                .boxed()
                .toList();
        assertThat(overCritical(counts, softmax(processed, drawn, 1.08)))
                .as("at a temperature 8 %% higher")
                .isGreaterThan(1);
        assertThat(processed).as("the processor changes something").isNotEqualTo(logits);
    }

    private static float[] logits() {
        SplittableRandom random = new SplittableRandom(8);
        float[] logits = new float[VOCABULARY];
        for (int id = 0; id < VOCABULARY; id++) {
            logits[id] = (float) random.nextDouble(0, 4);
        }
        return logits;
    }

    /** Chi-square over the bins with any probability, as a multiple of its critical value at the level 0.001. */
    private static double overCritical(long[] counts, double[] probabilities) {
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
        // Wilson and Hilferty's approximation; 3.0902 is the normal distribution's quantile.
        double degrees = bins - 1;
        double cubeRoot = 1 - 2 / (9 * degrees) + 3.0902 * Math.sqrt(2 / (9 * degrees));
        return chiSquare / (degrees * cubeRoot * cubeRoot * cubeRoot);
    }

    /** Kept by the parameters' own temperature, probable by another. */
    private static double[] probabilities(float[] logits, SamplingParameters parameters, double temperature) {
        List<Integer> kept = IntStream.range(0, logits.length)
                .boxed()
                .filter(id -> logits[id] > Float.NEGATIVE_INFINITY)
                .sorted(Comparator.comparing((Integer id) -> -logits[id]))
                .limit(parameters.topK() == 0 ? logits.length : parameters.topK())
                .toList();
        if (parameters.typicalP() < 1) {
            double[] p = softmax(logits, kept, parameters.temperature());
            double entropy = -kept.stream()
                    .mapToDouble(id -> p[id] * StrictMath.log(p[id]))
                    .sum();
            kept = share(kept, p, id -> Math.abs(-StrictMath.log(p[id]) - entropy), parameters.typicalP());
        }
        if (parameters.topP() < 1) {
            double[] p = softmax(logits, kept, parameters.temperature());
            kept = share(kept, p, id -> -p[id], parameters.topP());
        }
        double[] p = softmax(logits, kept, parameters.temperature());
        double largest = Arrays.stream(p).max().orElseThrow();
        List<Integer> left =
                kept.stream().filter(id -> p[id] >= parameters.minP() * largest).toList();
        assertThat(left).hasSizeGreaterThan(4);
        return softmax(logits, left, temperature);
    }

    /** Returns the first by a key that together reach a share. */
    private static List<Integer> share(List<Integer> ids, double[] p, Function<Integer, Double> key, double share) {
        List<Integer> sorted = ids.stream().sorted(Comparator.comparing(key)).toList();
        int kept = 0;
        for (double sum = 0; kept < sorted.size() && sum < share; kept++) {
            sum += p[sorted.get(kept)];
        }
        return sorted.subList(0, kept);
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
