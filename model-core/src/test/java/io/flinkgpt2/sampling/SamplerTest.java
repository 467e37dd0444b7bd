package io.flinkgpt2.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.tensor.Kernels;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SamplerTest {

    private static final SamplingParameters GREEDY = new SamplingParameters(0, 0, 1);
    private static final SamplingParameters PLAIN = new SamplingParameters(1, 0, 1);

    static Stream<Kernels> kernels() {
        return Stream.of(Kernels.reference(), Kernels.best());
    }

    private static int[] draws(Kernels kernels, float[] logits, SamplingParameters parameters, int count) {
        Sampler sampler = new Sampler(kernels, logits.length);
        return IntStream.range(0, count)
                .map(step -> Draw.id(sampler, logits, 0, parameters, 11, 0, step))
                .toArray();
    }

    private static int[] draws(float[] logits, SamplingParameters parameters) {
        return draws(Kernels.best(), logits, parameters, 500);
    }

    private static float[] randomLogits(int n, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] logits = new float[n];
        for (int id = 0; id < n; id++) {
            logits[id] = (float) random.nextDouble(-4, 4);
        }
        return logits;
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void rule4_1_greedyTakesTheLowestIdOfEqualLogits(Kernels kernels) {
        for (int n : new int[] {2, 5, 16, 17, 64, 1003}) {
            for (int first : new int[] {0, n / 3, n - 2}) {
                float[] logits = randomLogits(n, n);
                logits[first] = 7;
                logits[n - 1] = 7;
                assertThat(draws(kernels, logits, GREEDY, 2)).containsOnly(first);
            }
        }
        assertThat(draws(kernels, new float[] {-0f, 0f, -1f}, GREEDY, 2)).containsOnly(0);
        assertThat(draws(kernels, new float[1003], GREEDY, 2)).containsOnly(0);
    }

    @Test
    void rule4_1_aTemperatureBelowAMillionthIsGreedyAndAMillionthIsNot() {
        // So close together that temperature 1e-6 still draws both.
        float[] logits = {1f, Math.nextUp(1f), 0f};
        assertThat(draws(logits, new SamplingParameters(0, 0, 1))).containsOnly(1);
        assertThat(draws(logits, new SamplingParameters(9.99e-7, 0, 1))).containsOnly(1);
        assertThat(draws(logits, new SamplingParameters(1e-6, 0, 1)))
                .contains(0, 1)
                .doesNotContain(2);
        // Greedy does not look at top-k and top-p.
        assertThat(draws(logits, new SamplingParameters(0, 2, 0.1))).containsOnly(1);
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void logitsWithoutALargestFiniteOneAreRefused(Kernels kernels) {
        for (int n : new int[] {1, 4, 16, 37}) {
            for (SamplingParameters parameters : new SamplingParameters[] {GREEDY, PLAIN}) {
                float[] nan = new float[n];
                nan[n - 1] = Float.NaN;
                float[] excluded = new float[n];
                Arrays.fill(excluded, Float.NEGATIVE_INFINITY);
                float[] overflown = new float[n];
                overflown[n / 2] = Float.POSITIVE_INFINITY;
                Sampler sampler = new Sampler(kernels, n);
                assertThatThrownBy(() -> Draw.id(sampler, nan, 0, parameters, 1, 0, 5))
                        .isInstanceOf(ArithmeticException.class)
                        .hasMessageContaining("step 5")
                        .hasMessageContaining("not a number");
                assertThatThrownBy(() -> Draw.id(sampler, excluded, 0, parameters, 1, 0, 5))
                        .isInstanceOf(ArithmeticException.class)
                        .hasMessageContaining("-Infinity, expected a finite number");
                assertThatThrownBy(() -> Draw.id(sampler, overflown, 0, parameters, 1, 0, 5))
                        .isInstanceOf(ArithmeticException.class)
                        .hasMessageContaining("Infinity");
            }
        }
    }

    @Test
    void fieldsThatRuleOutEveryTokenAreNamed() {
        LogitsParameters two = new LogitsParameters(new int[0], new float[0], new int[] {1, 2}, List.of(), 0, 1, 0, 0);
        LogitsProcessor[] processors = LogitsProcessors.of(
                        two, 0, new int[0], new int[0], List.of(new int[] {1}, new int[] {2}), null, 9, 4)
                .toArray(LogitsProcessor[]::new);
        Sampler sampler = new Sampler(Kernels.best(), 4);
        for (double temperature : new double[] {0, 1}) {
            GenerationParameters parameters =
                    GenerationParameters.builder().setTemperature(temperature).build();
            assertThatThrownBy(() -> sampler.sample(new float[4], 0, processors, parameters, 0, 3))
                    .isInstanceOf(ArithmeticException.class)
                    .hasMessage(
                            "no token can be chosen at step 3: the largest of the logits is -Infinity, expected a finite "
                                    + "number; the request's fields rule out every token: relax allowed_token_ids, bad_words, "
                                    + "no_repeat_ngram_size, min_tokens, stop_token_ids or structured_outputs");
        }
    }

    @Test
    void rule4_1_typicalKeepsTheTokensWhoseInformationIsClosestToTheEntropy() {
        // 0.5, 0.25, 0.125, 0.125: the entropy is 1.75 bits, the informations 1, 2, 3 and 3, so 0.25 is the most
        // typical.
        float bit = (float) StrictMath.log(2);
        float[] logits = {2 * bit, bit, 0, 0};
        assertThat(draws(logits, new SamplingParameters(1, 0, 1, 0, 0.2))).containsOnly(1);
        assertThat(draws(logits, new SamplingParameters(1, 0, 1, 0, 0.7))).containsOnly(0, 1);
        assertThat(draws(logits, new SamplingParameters(1, 0, 1, 0, 0.8))).containsOnly(0, 1, 2);
        assertThat(draws(logits, new SamplingParameters(1, 0, 1, 0, 0.9))).containsOnly(0, 1, 2, 3);
    }

    @Test
    void rule4_1_minPIsAShareOfTheLargestProbabilityThatIsLeft() {
        float[] logits = {0, (float) StrictMath.log(0.5), (float) StrictMath.log(0.3), (float) StrictMath.log(0.1)};
        assertThat(draws(logits, new SamplingParameters(1, 0, 1, 1, 1))).containsOnly(0);
        assertThat(draws(logits, new SamplingParameters(1, 0, 1, 0.4, 1))).containsOnly(0, 1);
        assertThat(draws(logits, new SamplingParameters(1, 0, 1, 0.2, 1))).containsOnly(0, 1, 2);
        assertThat(draws(logits, new SamplingParameters(1, 2, 1, 0.2, 1))).containsOnly(0, 1);
        // Of the four, typical at so small a share leaves only the second, and that one is then the best.
        assertThat(draws(logits, new SamplingParameters(1, 0, 1, 1, 0.01))).containsOnly(1);
        // Of equal ones all stay.
        assertThat(draws(new float[3], new SamplingParameters(1, 0, 1, 1, 1))).containsOnly(0, 1, 2);
    }

    /** Shares as small as there are still keep a token, whatever was dropped before. */
    @Test
    void theSmallestSharesKeepOneToken() {
        float[] logits = randomLogits(200, 6);
        for (int topK : new int[] {0, 1, 5, 100}) {
            int[] draws = draws(logits, new SamplingParameters(1.3, topK, Double.MIN_VALUE, 1, Double.MIN_VALUE));
            assertThat(Arrays.stream(draws).distinct().count()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-6, 0.5, 1, 1e30, 1e45, 1e300, Double.MAX_VALUE})
    void anExcludedTokenIsNeverDrawnAtAnyTemperature(double temperature) {
        float[] logits = {Float.NEGATIVE_INFINITY, 1f, Float.NEGATIVE_INFINITY, 1f, Float.NEGATIVE_INFINITY};
        assertThat(draws(logits, new SamplingParameters(temperature, 0, 1))).containsOnly(1, 3);
        assertThat(draws(logits, new SamplingParameters(temperature, 4, 0.999))).containsOnly(1, 3);
        assertThat(draws(logits, new SamplingParameters(temperature, 4, 0.999, 0.5, 0.999)))
                .containsOnly(1, 3);
    }

    /** Seeds whose first random numbers are the smallest and the largest there are, by inverting the stream's functions. */
    @Test
    void theSmallestAndTheLargestRandomNumberDrawTheFirstAndTheLastThatIsNotExcluded() {
        long smallest = 0xc5deefb0344c1df5L;
        long largest = 0x1fdb84807c8bc327L;
        assertThat(RandomStream.uniform(smallest, 0, 0)).isZero();
        assertThat(RandomStream.uniform(largest, 0, 0)).isEqualTo(Math.nextDown(1.0));
        float none = Float.NEGATIVE_INFINITY;
        float[] logits = {none, none, 1f, 2f, 1.5f, none};
        Sampler sampler = new Sampler(Kernels.best(), logits.length);
        for (SamplingParameters parameters : new SamplingParameters[] {
            PLAIN,
            new SamplingParameters(2, 6, 1),
            new SamplingParameters(1, 5, 0.9999),
            new SamplingParameters(1e-3, 0, 1)
        }) {
            assertThat(Draw.id(sampler, logits, 0, parameters, smallest, 0, 0)).isEqualTo(2);
            int last = Draw.id(sampler, logits, 0, parameters, largest, 0, 0);
            assertThat(last).isEqualTo(parameters.temperature() < 0.1 ? 3 : 4);
        }
    }

    @Test
    void anEnormousTemperatureIsUniform() {
        int[] draws = draws(new float[] {-100, 0, 100}, new SamplingParameters(1e300, 0, 1));
        assertThat(draws).contains(0, 1, 2);
    }

    @Test
    void logitsFarApartLeaveOnlyTheBest() {
        float[] logits = {-3e38f, 3e38f, 0};
        assertThat(draws(logits, PLAIN)).containsOnly(1);
        assertThat(draws(logits, new SamplingParameters(1e-6, 3, 0.9999999))).containsOnly(1);
        // Their difference is infinite in float32, whatever it is divided by.
        assertThat(draws(logits, new SamplingParameters(1e300, 0, 1))).containsOnly(1, 2);
    }

    @ParameterizedTest
    @ValueSource(ints = {1003, 1004, Integer.MAX_VALUE})
    void topKOfTheVocabularyOrMoreEqualsOff(int topK) {
        float[] logits = randomLogits(1003, 1);
        for (double topP : new double[] {1, 0.999999, 0.9, 0.3}) {
            assertThat(draws(logits, new SamplingParameters(1.7, topK, topP)))
                    .containsExactly(draws(logits, new SamplingParameters(1.7, 0, topP)));
        }
    }

    @Test
    void topPOfOneEqualsOffAndJustBelowKeepsAllThatCount() {
        float[] logits = randomLogits(40, 2);
        int[] off = draws(logits, PLAIN);
        assertThat(draws(logits, new SamplingParameters(1, 0, Math.nextDown(1.0))))
                .containsExactly(off);
        assertThat(draws(logits, new SamplingParameters(1, 40, 1))).containsExactly(off);
    }

    @Test
    void aTinyTopPKeepsExactlyTheBest() {
        float[] ties = new float[100];
        assertThat(draws(ties, new SamplingParameters(1, 0, Double.MIN_VALUE))).containsOnly(0);
        assertThat(draws(ties, new SamplingParameters(1, 7, 1e-12))).containsOnly(0);
        float[] logits = randomLogits(100, 3);
        int best = Kernels.best().argMax(logits, 0, 100);
        assertThat(draws(logits, new SamplingParameters(2, 0, 1e-12))).containsOnly(best);
        assertThat(draws(logits, new SamplingParameters(2, 1, 1))).containsOnly(best);
    }

    @Test
    void rule4_1_ofEqualLogitsTopKAndTopPKeepTheLowestIds() {
        float[] logits = new float[64];
        Arrays.fill(logits, 10, 64, 1f);
        assertThat(draws(logits, new SamplingParameters(1, 3, 1))).containsOnly(10, 11, 12);
        // A quarter of 8 equal weights is 2 of them, exactly; a little more than a quarter is 3.
        float[] eight = new float[8];
        assertThat(draws(eight, new SamplingParameters(1, 0, 0.25))).containsOnly(0, 1);
        assertThat(draws(eight, new SamplingParameters(1, 0, Math.nextUp(0.25))))
                .containsOnly(0, 1, 2);
    }

    @Test
    void topPIsAShareOfWhatTopKLeaves() {
        // Half of 4 kept is 2; half of all 16 would be more than the 4.
        float[] logits = new float[16];
        assertThat(draws(logits, new SamplingParameters(1, 4, 0.5))).containsOnly(0, 1);
        assertThat(draws(logits, new SamplingParameters(1, 4, 0.75))).containsOnly(0, 1, 2);
    }

    @Test
    void rule4_1_topPAppliesAfterTheTemperature() {
        // 4 tokens, each 3 times as probable as the next: 0.675, 0.225, 0.075, 0.025.
        float ratio = (float) StrictMath.log(3);
        float[] logits = {3 * ratio, 2 * ratio, ratio, 0};
        assertThat(draws(logits, new SamplingParameters(1, 0, 0.8))).containsOnly(0, 1);
        // Squared, 0.89 of the first; rooted, 0.46, 0.27, 0.16 and 0.09.
        assertThat(draws(logits, new SamplingParameters(0.5, 0, 0.8))).containsOnly(0);
        assertThat(draws(logits, new SamplingParameters(2, 0, 0.8))).containsOnly(0, 1, 2);
    }

    @Test
    void rule4_4_scalarAndVectorKernelsDrawTheSameIds() {
        for (int n : new int[] {1, 5, 17, 300, 1003}) {
            float[] logits = randomLogits(n, n);
            for (SamplingParameters parameters : new SamplingParameters[] {
                PLAIN, new SamplingParameters(0.7, 40, 1), new SamplingParameters(1.3, 0, 0.9)
            }) {
                assertThat(draws(Kernels.reference(), logits, parameters, 300))
                        .containsExactly(draws(Kernels.best(), logits, parameters, 300));
            }
        }
    }

    @Test
    void parametersOutOfRangeAreNamed() {
        for (double temperature : new double[] {-0.1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new SamplingParameters(temperature, 0, 1))
                    .withMessage("temperature: found " + temperature + ", expected 0 or more");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new SamplingParameters(1, -1, 1))
                .withMessage("top_k: found -1, expected 0 (off) or more");
        for (double topP : new double[] {0, -1, Math.nextUp(1.0), Double.NaN}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new SamplingParameters(1, 0, topP))
                    .withMessage("top_p: found " + topP + ", expected above 0 and at most 1");
        }
    }
}
