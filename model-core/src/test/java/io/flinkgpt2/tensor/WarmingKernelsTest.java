package io.flinkgpt2.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Kernels that begin as scalar ones and go on as vector ones. */
class WarmingKernelsTest {

    private static final Kernels SCALAR = new ScalarKernels();
    private static final Kernels VECTOR = new VectorKernels();

    @Test
    void theBitsAreThoseOfBothBeforeWhileAndAfterTheyWarmUp() throws InterruptedException {
        String expected = KernelCases.run(SCALAR).digest();
        WarmingKernels kernels = new WarmingKernels(SCALAR, VECTOR, 1);
        assertThat(kernels.isWarm()).isFalse();

        Instant end = Instant.now().plus(Duration.ofMinutes(2));
        do {
            assertThat(KernelCases.run(kernels).digest()).isEqualTo(expected);
        } while (!kernels.isWarm() && Instant.now().isBefore(end));

        assertThat(kernels.isWarm()).isTrue();
        assertThat(KernelCases.run(kernels).digest()).isEqualTo(expected);
    }

    @Test
    void littleWorkDoesNotWarmThemUp() {
        WarmingKernels kernels = new WarmingKernels(SCALAR, VECTOR, Long.MAX_VALUE);
        KernelCases.run(kernels);

        assertThat(kernels.isWarm()).isFalse();
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void aWarmUpEnds(Precision precision) {
        new WarmUp(SCALAR, VECTOR, precision).run();
    }

    @Test
    void aProcessWithLittleToDoStaysOnScalarKernels() {
        assertThat(Kernels.warmingUp()).isInstanceOf(WarmingKernels.class);
        assertThat(Kernels.warmingUp().name()).isEqualTo(Kernels.best().name());
    }
}
