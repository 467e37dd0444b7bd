package io.flinkgpt2.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MachineLimitsTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void limitsArePositiveAndOfTheThreadsAskedFor(int threads) {
        MachineLimits limits = MachineLimits.measure(threads, 8 << 20);

        assertThat(limits.threads()).isEqualTo(threads);
        assertThat(limits.fmaGflops()).isPositive().isFinite();
        assertThat(limits.readGbPerSecond()).isPositive().isFinite();
    }

    @Test
    void aMeasurementOfNoThreadsIsRefused() {
        assertThatThrownBy(() -> MachineLimits.measure(0, 1 << 20)).hasMessageContaining("threads: found 0");
    }

    @Test
    void theLargerOfTwoMeasurementsCounts() {
        MachineLimits larger = new MachineLimits(1, 100, 20).larger(new MachineLimits(1, 90, 30));

        assertThat(larger).isEqualTo(new MachineLimits(1, 100, 30));
        assertThatThrownBy(() -> larger.larger(new MachineLimits(2, 1, 1))).hasMessageContaining("limits of 2 threads");
    }

    @Test
    void whatPassesTheCredibleShareOfThePeakIsNotCredible() {
        MachineLimits limits = new MachineLimits(1, 100, 10);

        assertThat(limits.isCredible(95)).isTrue();
        assertThat(limits.isCredible(95.1)).isFalse();
        assertThat(limits.shareOfFma(50)).isEqualTo(0.5);
        assertThat(limits.shareOfBandwidth(5)).isEqualTo(0.5);
    }
}
