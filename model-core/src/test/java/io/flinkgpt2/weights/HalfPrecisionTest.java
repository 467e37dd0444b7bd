package io.flinkgpt2.weights;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HalfPrecisionTest {
    private static final int PATTERNS = 1 << 16;

    @Test
    void rule1_7_everyBinary16HasTheValueOfItsDefinition() {
        for (int half = 0; half < PATTERNS; half++) {
            float expected = NaiveSafeTensors.value(half, 5, 10);
            assertSame(half, HalfPrecision.f16ToFloat((short) half), expected);
        }
    }

    @Test
    void rule1_7_everyBfloat16HasTheValueOfItsDefinition() {
        for (int brain = 0; brain < PATTERNS; brain++) {
            float expected = NaiveSafeTensors.value(brain, 8, 7);
            assertSame(brain, HalfPrecision.bf16ToFloat((short) brain), expected);
        }
    }

    @Test
    void nanKeepsSignAndPayloadWhenWidened() {
        assertThat(Float.floatToRawIntBits(HalfPrecision.f16ToFloat((short) 0xfe01)))
                .isEqualTo(0xffc0_2000);
        assertThat(Float.floatToRawIntBits(HalfPrecision.bf16ToFloat((short) 0xffc1)))
                .isEqualTo(0xffc1_0000);
    }

    @Test
    void everyBinary16ComesBackFromFloat() {
        for (int half = 0; half < PATTERNS; half++) {
            float value = HalfPrecision.f16ToFloat((short) half);
            int back = HalfPrecision.floatToF16(value) & 0xffff;
            // A signalling NaN comes back quiet.
            assertThat(back).isEqualTo(Float.isNaN(value) ? half | 0x0200 : half);
        }
    }

    @Test
    void everyBfloat16ComesBackFromFloat() {
        for (int brain = 0; brain < PATTERNS; brain++) {
            float value = HalfPrecision.bf16ToFloat((short) brain);
            int back = HalfPrecision.floatToBf16(value) & 0xffff;
            assertThat(back).isEqualTo(Float.isNaN(value) ? brain | 0x0040 : brain);
        }
    }

    @Test
    void betweenTwoBinary16TheNearerIsTakenAndTheEvenOnATie() {
        for (int lower = 0; lower < 0x7bff; lower++) {
            float a = HalfPrecision.f16ToFloat((short) lower);
            float b = HalfPrecision.f16ToFloat((short) (lower + 1));
            float middle = (a + b) / 2;
            int even = (lower & 1) == 0 ? lower : lower + 1;
            assertThat(HalfPrecision.floatToF16(middle)).isEqualTo((short) even);
            assertThat(HalfPrecision.floatToF16(Math.nextDown(middle))).isEqualTo((short) lower);
            assertThat(HalfPrecision.floatToF16(Math.nextUp(middle))).isEqualTo((short) (lower + 1));
            assertThat(HalfPrecision.floatToF16(-middle)).isEqualTo((short) (even | 0x8000));
        }
    }

    @Test
    void betweenTwoBfloat16TheNearerIsTakenAndTheEvenOnATie() {
        for (int lower = 0; lower < 0x7f7f; lower++) {
            float middle = Float.intBitsToFloat((lower << 16) | 0x8000);
            int even = (lower & 1) == 0 ? lower : lower + 1;
            assertThat(HalfPrecision.floatToBf16(middle)).isEqualTo((short) even);
            assertThat(HalfPrecision.floatToBf16(Math.nextDown(middle))).isEqualTo((short) lower);
            assertThat(HalfPrecision.floatToBf16(Math.nextUp(middle))).isEqualTo((short) (lower + 1));
            assertThat(HalfPrecision.floatToBf16(-middle)).isEqualTo((short) (even | 0x8000));
        }
    }

    @Test
    void whatIsTooLargeBecomesInfinity() {
        assertThat(HalfPrecision.floatToF16(Math.nextDown(65520f))).isEqualTo((short) 0x7bff);
        assertThat(HalfPrecision.floatToF16(65520f)).isEqualTo((short) 0x7c00);
        assertThat(HalfPrecision.floatToF16(-Float.MAX_VALUE)).isEqualTo((short) 0xfc00);
        assertThat(HalfPrecision.floatToBf16(Float.MAX_VALUE)).isEqualTo((short) 0x7f80);
    }

    @Test
    void whatIsTooSmallBecomesZeroOfTheSameSign() {
        assertThat(HalfPrecision.floatToF16(0x1p-25f)).isEqualTo((short) 0);
        assertThat(HalfPrecision.floatToF16(Math.nextUp(0x1p-25f))).isEqualTo((short) 1);
        assertThat(HalfPrecision.floatToF16(-Float.MIN_VALUE)).isEqualTo((short) 0x8000);
        assertThat(HalfPrecision.floatToBf16(-Float.MIN_VALUE)).isEqualTo((short) 0x8000);
    }

    @Test
    void nanStaysNanHoweverSmallItsPayload() {
        float nan = Float.intBitsToFloat(0x7f80_0001);
        assertThat(HalfPrecision.f16ToFloat(HalfPrecision.floatToF16(nan))).isNaN();
        assertThat(HalfPrecision.bf16ToFloat(HalfPrecision.floatToBf16(nan))).isNaN();
        float all = Float.intBitsToFloat(0x7fff_ffff);
        assertThat(HalfPrecision.bf16ToFloat(HalfPrecision.floatToBf16(all))).isNaN();
    }

    private static void assertSame(int pattern, float actual, float expected) {
        if (Float.isNaN(expected)) {
            assertThat(actual).as("pattern %04x", pattern).isNaN();
        } else {
            assertThat(Float.floatToRawIntBits(actual))
                    .as("pattern %04x", pattern)
                    .isEqualTo(Float.floatToRawIntBits(expected));
        }
    }
}
