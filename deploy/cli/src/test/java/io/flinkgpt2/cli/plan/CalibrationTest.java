package io.flinkgpt2.cli.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class CalibrationTest {

    private static final CostModel COSTS = new CostModel(2e-3, 3e-3, 1e-6, 3e-6);
    private static final int STREAMS = 32;

    /** A run that takes exactly what the costs say, in which so many tokens of each sequence were decoded beside prompts. */
    private static Measurement measured(CostModel costs, int promptTokens, int newTokens, int besidePrompts) {
        double each = newTokens - 1 - besidePrompts;
        double positions = promptTokens + newTokens - 0.5 - each / 2;
        return new Measurement(
                promptTokens,
                newTokens,
                STREAMS,
                1,
                STREAMS * costs.promptSeconds(promptTokens, newTokens),
                STREAMS * each * (costs.decode() + costs.decodeAttention() * positions),
                STREAMS * each);
    }

    @Test
    void twoRunsGiveTheCostsThatMadeThem() {
        CostModel found = Calibration.of(List.of(measured(COSTS, 32, 64, 3), measured(COSTS, 256, 16, 2)));

        assertThat(found.decode()).isCloseTo(COSTS.decode(), Percentage.withPercentage(1e-6));
        assertThat(found.decodeAttention()).isCloseTo(COSTS.decodeAttention(), Percentage.withPercentage(1e-6));
        assertThat(found.prefill()).isCloseTo(COSTS.prefill(), Percentage.withPercentage(1e-6));
        assertThat(found.prefillAttention()).isCloseTo(COSTS.prefillAttention(), Percentage.withPercentage(1e-6));
        assertThat(found.promptSeconds(200, 100))
                .isCloseTo(COSTS.promptSeconds(200, 100), Percentage.withPercentage(1e-6));
    }

    @Test
    void theOrderOfTheRunsChangesNothing() {
        Measurement one = measured(COSTS, 32, 64, 3);
        Measurement other = measured(COSTS, 256, 16, 2);

        assertThat(Calibration.of(List.of(other, one))).isEqualTo(Calibration.of(List.of(one, other)));
    }

    @Test
    void enginesSideBySideShareTheTokensAndNotTheTime() {
        Measurement one = measured(COSTS, 32, 64, 3);
        Measurement two =
                new Measurement(32, 64, STREAMS, 2, one.seconds(), one.decodeSeconds(), 2 * one.decodeTokens());

        assertThat(Calibration.of(List.of(two))).isEqualTo(Calibration.of(List.of(one)));
    }

    @Test
    void oneRunExplainsItselfWithoutAttention() {
        Measurement run = measured(COSTS, 32, 64, 3);
        CostModel found = Calibration.of(List.of(run));

        assertThat(Calibration.tellsAttention(List.of(run))).isFalse();
        assertThat(found.decodeAttention()).isZero();
        assertThat(found.prefillAttention()).isZero();
        assertThat(found.promptSeconds(32, 64)).isCloseTo(run.secondsPerPrompt(), within(1e-12));
    }

    @Test
    void noiseThatWouldMakeAttentionNegativeMakesItZero() {
        CostModel noisy = new CostModel(2e-3, 3e-3, 0, 0);
        Measurement faster = measured(new CostModel(2e-3, 2.9e-3, 0, 0), 256, 16, 2);
        CostModel found = Calibration.of(List.of(measured(noisy, 32, 64, 3), faster));

        assertThat(found.decodeAttention()).isZero();
        assertThat(found.decode()).isCloseTo(3e-3, within(1e-9));
        assertThat(found.prefill()).isPositive();
    }

    @Test
    void aRunWithoutStepsThatOnlyDecodeIsRefused() {
        Measurement run = new Measurement(32, 1, STREAMS, 1, 1, 0, 0);

        assertThatThrownBy(() -> Calibration.of(List.of(run)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("prompts of 32 and 1 new tokens: found no time of steps that only decode");
    }

    @Test
    void aRunWhosePromptsTakeNoTimeIsRefused() {
        Measurement run = measured(COSTS, 32, 64, 3);
        Measurement tooFast =
                new Measurement(32, 64, STREAMS, 1, run.seconds() / 2, run.decodeSeconds(), run.decodeTokens());

        assertThatThrownBy(() -> Calibration.of(List.of(tooFast)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("found that prompts take no time");
    }
}
