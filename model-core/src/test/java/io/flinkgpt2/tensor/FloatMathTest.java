package io.flinkgpt2.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FloatMathTest {

    @Test
    void expIsWithinTwoUnitsInTheLastPlace() {
        for (float x = -87f; x <= 88f; x += 0.00317f) {
            double expected = Math.exp(x);
            double error = Math.abs(FloatMath.exp(x) - expected) / Math.ulp((float) expected);
            assertThat(error).as("exp(%s)", x).isLessThan(2);
        }
        assertThat(FloatMath.exp(0f)).isEqualTo(1f);
    }

    @Test
    void expStaysAtItsBoundsAndPassesNaNOn() {
        assertThat(FloatMath.exp(-1000f)).isEqualTo(FloatMath.exp(-87f)).isPositive();
        assertThat(FloatMath.exp(Float.NEGATIVE_INFINITY)).isEqualTo(FloatMath.exp(-87f));
        assertThat(FloatMath.exp(1000f)).isEqualTo(FloatMath.exp(88f)).isFinite();
        assertThat(FloatMath.exp(Float.NaN)).isNaN();
    }

    @Test
    void rule3_7_theTanhFormOfGeluIsWithinAMillionthOfItsMagnitude() {
        for (float x = -12f; x <= 12f; x += 0.00073f) {
            double u = Math.sqrt(2 / Math.PI) * (x + 0.044715 * (double) x * x * x);
            double expected = 0.5 * x * (1 + Math.tanh(u));
            assertThat(Math.abs(FloatMath.geluTanh(x) - expected))
                    .as("gelu_new(%s)", x)
                    .isLessThan(1e-6 * Math.max(0.05, Math.abs(expected)));
        }
    }

    @Test
    void rule3_7_theExactGeluIsWithinAMillionthOfItsMagnitude() {
        for (float x = -12f; x <= 12f; x += 0.00073f) {
            double expected = 0.5 * x * erfc(-x / Math.sqrt(2));
            assertThat(Math.abs(FloatMath.geluErf(x) - expected))
                    .as("gelu(%s)", x)
                    .isLessThan(1e-6 * Math.max(0.05, Math.abs(expected)));
        }
    }

    /** erfc by its Taylor series near 0 and by Simpson's rule on the Gaussian further out, in double. */
    private static double erfc(double z) {
        if (z < 0) {
            return 2 - erfc(-z);
        }
        if (z > 9) {
            return 0;
        }
        int n = 400;
        double h = 10.0 / n;
        double sum = 0;
        for (int i = 0; i <= n; i++) {
            double t = z + i * h;
            sum += (i == 0 || i == n ? 1 : i % 2 == 1 ? 4 : 2) * Math.exp(-t * t);
        }
        return sum * h / 3 * 2 / Math.sqrt(Math.PI);
    }

    @Test
    void geluOfLargeArgumentsIsTheArgumentOrZero() {
        for (Activation activation : Activation.values()) {
            assertThat(FloatMath.activate(activation, 30f))
                    .as("%s(30)", activation)
                    .isEqualTo(30f);
            assertThat(FloatMath.activate(activation, -30f))
                    .as("%s(-30)", activation)
                    .isBetween(-1e-30f, 0f);
            assertThat(FloatMath.activate(activation, 0f))
                    .as("%s(0)", activation)
                    .isZero();
        }
    }
}
