package io.flinkgpt2.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where the weights reach a share, beside a sum over all candidates that are sorted. */
class RankingTest {

    private static final double[] SHARES = {Double.MIN_VALUE, 1e-12, 0.001, 0.3, 0.5, 0.9, 0.999_999, 1};

    /** Logits whose spread is between none and more than a float's exponential has; some are equal, some infinite. */
    private static float[] logits(SplittableRandom random, int count) {
        float spread = new float[] {0, 1e-6f, 0.1f, 5, 200}[random.nextInt(5)];
        boolean rounded = random.nextBoolean();
        boolean excludes = random.nextInt(4) == 0;
        float[] logits = new float[count];
        for (int i = 0; i < count; i++) {
            float logit = spread * (float) random.nextDouble(-1, 1);
            // Negative zero would come behind zero in the sorted list.
            logits[i] = (rounded ? Math.round(logit * 4) / 4f : logit) + 0f;
            if (excludes && random.nextInt(3) == 0) {
                logits[i] = Float.NEGATIVE_INFINITY;
            }
        }
        logits[random.nextInt(count)] = spread;
        return logits;
    }

    private static float[] weights(float[] logits) {
        float max = Float.NEGATIVE_INFINITY;
        for (float logit : logits) {
            max = Math.max(max, logit);
        }
        float[] weights = new float[logits.length];
        for (int i = 0; i < logits.length; i++) {
            weights[i] = (float) Math.exp(Math.max(logits[i] - max, -87));
            if (logits[i] == Float.NEGATIVE_INFINITY) {
                weights[i] = 0;
            }
        }
        return weights;
    }

    private static Ranking ranking(float[] logits) {
        Ranking ranking = new Ranking(logits.length);
        ranking.start(logits, 0);
        for (int i = 0; i < logits.length; i++) {
            ranking.setKey(i, logits[i]);
            ranking.add(i);
        }
        return ranking;
    }

    private static List<Integer> sorted(float[] logits) {
        return IntStream.range(0, logits.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> -logits[i]).thenComparingInt(i -> i))
                .toList();
    }

    private static int expected(List<Integer> sorted, float[] weights, double share) {
        double sum = 0;
        for (int candidate : sorted) {
            sum += weights[candidate];
            if (sum >= share && sum != 0) {
                return candidate;
            }
        }
        return sorted.get(sorted.size() - 1);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 255, 256, 257, 1000, 20_000})
    void theShareIsReachedWhereItIsInTheWholeOrder(int count) {
        SplittableRandom random = new SplittableRandom(count);
        for (int round = 0; round < (count > 5000 ? 10 : 60); round++) {
            float[] logits = logits(random, count);
            float[] weights = weights(logits);
            List<Integer> sorted = sorted(logits);
            double total = 0;
            for (float weight : weights) {
                total += weight;
            }
            Ranking ranking = ranking(logits);
            for (double share : SHARES) {
                assertThat(ranking.reach(weights, share * total))
                        .as("round %d, share %s", round, share)
                        .isEqualTo(expected(sorted, weights, share * total));
            }
        }
    }

    /** Then it depends on the order of the additions which candidate is the last one. */
    @Test
    void aShareThatIsTheSumOfTheFirstOnesIsReachedByThem() {
        SplittableRandom random = new SplittableRandom(7);
        for (int round = 0; round < 40; round++) {
            float[] logits = logits(random, 2000);
            float[] weights = weights(logits);
            List<Integer> sorted = sorted(logits);
            Ranking ranking = ranking(logits);
            double sum = 0;
            int rank = 0;
            for (int stop : new int[] {1, 10, 300, 1000, 1999}) {
                for (; rank < stop; rank++) {
                    sum += weights[sorted.get(rank)];
                }
                for (double share : new double[] {Math.nextDown(sum), sum, Math.nextUp(sum)}) {
                    assertThat(ranking.reach(weights, share))
                            .as("round %d, %d candidates, share %s", round, stop, share)
                            .isEqualTo(expected(sorted, weights, share));
                }
            }
        }
    }

    /** Typical sampling may have dropped the best before top-p asks. */
    @Test
    void candidatesWithoutWeightInFrontAreNotEnough() {
        float[] logits = new float[1000];
        float[] weights = new float[1000];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = -i;
            weights[i] = i < 700 ? 0 : 1e-3f;
        }

        assertThat(ranking(logits).reach(weights, Double.MIN_VALUE)).isEqualTo(700);
        assertThat(ranking(logits).reach(weights, 1e-30)).isEqualTo(700);
        assertThat(ranking(logits).reach(weights, 1.5e-3)).isEqualTo(701);
    }

    @Test
    void ranksAreFoundAfterAShare() {
        float[] logits = logits(new SplittableRandom(3), 1000);
        Ranking ranking = ranking(logits);
        int unused = ranking.reach(weights(logits), 0.5);
        ranking.order();

        assertThat(IntStream.range(0, 1000).mapToObj(ranking::at)).isEqualTo(sorted(logits));
    }
}
