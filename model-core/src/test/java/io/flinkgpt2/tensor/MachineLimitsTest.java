package io.flinkgpt2.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
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

    /** A form that skipped memory would show a bandwidth that is not there. */
    @ParameterizedTest
    @EnumSource(ReadBandwidth.class)
    void everyFloatIsReadOnce(ReadBandwidth form) {
        float[] values = new float[ReadBandwidth.PIECE];
        Arrays.fill(values, 1);
        float[] out = new float[16];
        form.readAll(values, out);

        double sum = 0;
        for (float part : out) {
            sum += part;
        }
        assertThat(sum).isEqualTo(ReadBandwidth.PIECE);
    }

    /** Each chain goes to the fixed point of a = 0.999999 a + 0.000001, which is 1; twelve are added. */
    @Test
    void everyChainOfMultiplyAddsIsComputed() {
        float[] out = new float[16];
        double operations = FmaPeak.run(out, 1000);

        assertThat(operations).isEqualTo(2.0 * 12 * VectorKernels.LANES * 1000);
        // 0 + 1 + ... + 11 = 66 in the beginning, each a thousandth nearer to 1 in the end.
        assertThat(out[0]).isCloseTo(66 - 0.001f * (66 - 12), within(0.01f));
    }
}
