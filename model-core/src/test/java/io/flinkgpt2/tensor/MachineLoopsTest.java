package io.flinkgpt2.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The loops that the machine's limits are measured with do what is counted. */
class MachineLoopsTest {

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
