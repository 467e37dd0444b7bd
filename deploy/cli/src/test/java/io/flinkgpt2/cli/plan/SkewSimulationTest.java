package io.flinkgpt2.cli.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SkewSimulationTest {

    private static final CostModel COSTS = new CostModel(2e-3, 3e-3, 1e-6, 3e-6);
    private static final CostModel PLAIN = new CostModel(1, 1, 0, 0);

    private static SkewedWorkload workload(double lengthSkew, long seed) {
        return new SkewedWorkload(32, 64, 1024, lengthSkew, seed);
    }

    private static SkewSimulation.Outcome run(int slots, int partitions, double partitionSkew, double lengthSkew) {
        return new SkewSimulation(slots, partitions, 128, 32, partitionSkew).run(workload(lengthSkew, 7), COSTS);
    }

    @Test
    void aSlotThatIsFullToTheEndTakesWhatItsPromptsCost() {
        assertThat(new SlotSimulation(COSTS, 32).seconds(Lengths.alike(320, 32, 64)))
                .isCloseTo(320 * COSTS.promptSeconds(32, 64), Percentage.withPercentage(1e-9));
    }

    @Test
    void aSlotByHand() {
        // Places: 4. Prompts of one token with 3, 3, 1 and 2 new ones: four prefills with their first tokens, 8
        // seconds; a step
        // of three rows, which costs as four; a step of two rows, which costs as four.
        Lengths prompts = new Lengths(new int[] {1, 1, 1, 1}, new int[] {3, 3, 1, 2});
        assertThat(new SlotSimulation(PLAIN, 4).seconds(prompts)).isCloseTo(8 + 4 + 4, within(1e-9));

        // One place: no step is of fewer rows than there are places.
        assertThat(new SlotSimulation(PLAIN, 1).seconds(prompts)).isCloseTo(4 + 9, within(1e-9));
        assertThat(new SlotSimulation(PLAIN, 4).seconds(Lengths.alike(0, 1, 1))).isZero();
    }

    @Test
    void attentionIsCountedAtEachStep() {
        CostModel costs = new CostModel(1, 1, 0, 0.5);
        // After two tokens of prompt and the first new one, steps with 3 and 4 positions before them.
        assertThat(new SlotSimulation(costs, 1).seconds(Lengths.alike(1, 2, 3)))
                .isCloseTo(2 + 1 + (1 + 1.5) + (1 + 2), within(1e-9));
    }

    @Test
    void withoutSkewAllSlotsAreDoneTogether() {
        SkewSimulation.Outcome outcome = run(50, 50, 0, 0);

        assertThat(outcome.slowestOverMean()).isCloseTo(1, within(1e-9));
        assertThat(outcome.exchangedOverMean()).isCloseTo(1, within(1e-9));
        assertThat(outcome.meanPromptSeconds()).isCloseTo(COSTS.promptSeconds(32, 64), within(1e-9));
    }

    @Test
    void theSlowestSlotIsThatOfTheLargestPartition() {
        int[] sizes = workload(0, 7).partitionSizes(100, 12_800, 0.5);
        double largest = Arrays.stream(sizes).max().orElseThrow() / 128.0;
        SkewSimulation.Outcome outcome = run(100, 100, 0.5, 0);

        assertThat(outcome.slowestOverMean()).isBetween(0.9 * largest, 1.05 * largest);
        assertThat(outcome.exchangedOverMean()).isLessThan(1.05);
    }

    @Test
    void morePartitionsForEachSlotEvenThemOut() {
        double one = run(100, 100, 0.5, 0).slowestOverMean();
        double four = run(100, 400, 0.5, 0).slowestOverMean();
        double sixteen = run(100, 1600, 0.5, 0).slowestOverMean();

        assertThat(four).isLessThan(one);
        assertThat(sixteen).isLessThan(four).isGreaterThan(1);
    }

    @Test
    void anExchangeDoesNotHelpAgainstLengths() {
        SkewSimulation.Outcome outcome = run(100, 100, 0, 1);

        assertThat(outcome.slowestOverMean()).isGreaterThan(1.05);
        assertThat(outcome.exchangedOverMean()).isCloseTo(outcome.slowestOverMean(), within(0.15));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 42})
    void aSeedGivesTheSameNumbersEachTimeAndAllPromptsArePlaced(long seed) {
        int[] sizes = workload(1, seed).partitionSizes(37, 10_000, 1);

        assertThat(Arrays.stream(sizes).sum()).isEqualTo(10_000);
        assertThat(workload(1, seed).partitionSizes(37, 10_000, 1)).isEqualTo(sizes);
        assertThat(workload(1, seed + 1).partitionSizes(37, 10_000, 1)).isNotEqualTo(sizes);
    }

    @Test
    void lengthsHaveTheMeanAndTheDeviationThatWereAskedFor() {
        Lengths lengths = new SkewedWorkload(100, 100, 100_000, 0.5, 3).lengths(50_000);
        double mean = Arrays.stream(lengths.promptTokens()).average().orElseThrow();
        double deviation = Math.sqrt(Arrays.stream(lengths.promptTokens())
                .mapToDouble(length -> (length - mean) * (length - mean))
                .average()
                .orElseThrow());

        assertThat(mean).isCloseTo(100, within(1.5));
        assertThat(deviation).isCloseTo(50, within(2.0));
    }

    @Test
    void noPromptIsLongerThanTheContext() {
        Lengths lengths = new SkewedWorkload(32, 64, 128, 2, 3).lengths(10_000);

        for (int i = 0; i < lengths.count(); i++) {
            assertThat(lengths.promptTokens()[i]).isPositive();
            assertThat(lengths.newTokens()[i]).isPositive();
            assertThat(lengths.promptTokens()[i] + lengths.newTokens()[i]).isLessThanOrEqualTo(128);
        }
    }

    @Test
    void slotsThatShareCoresEndWhenTheirPartIsDone() {
        assertThat(SkewSimulation.shared(new double[] {1, 3, 2}, 3)).containsExactly(1, 3, 2);
        // One core: a third each until the first is done, then half each, then the rest alone.
        assertThat(SkewSimulation.shared(new double[] {1, 3, 2}, 1)).containsExactly(3, 6, 5);
        assertThat(SkewSimulation.shared(new double[] {2, 2, 2, 2}, 2)).containsExactly(4, 4, 4, 4);
        assertThat(SkewSimulation.shared(new double[] {1, 1, 4}, 2)).containsExactly(1.5, 1.5, 4.5);
    }
}
