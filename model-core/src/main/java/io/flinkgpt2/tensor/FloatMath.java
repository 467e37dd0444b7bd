package io.flinkgpt2.tensor;

/**
 * Elementary functions in float32, one element at a time: the definition that the vector kernels repeat lane by lane.
 *
 * <p>Only operations that IEEE 754 rounds correctly are used (add, multiply, divide, fused multiply-add), so that the
 * bits are the same on every machine; {@code Math.exp} and the like may differ between platforms. The polynomials are
 * minimax fits made for this project (Lawson's iteration on Chebyshev nodes).
 */
final class FloatMath {

    private FloatMath() {}

    /** Below and above, {@link #exp} stays at the bound: both results are normal floats. */
    static final float EXP_MIN = -87f;

    static final float EXP_MAX = 88f;

    static final float LOG2_E = 1.442695f;
    /** Adding it to a small number rounds that to an integer, which then stands in the low bits of the mantissa. */
    static final float ROUND = 12582912f;
    /** ln 2 in two parts; the first has trailing zeros, so that its product with a small integer is exact. */
    static final float LN2_HIGH = 355f / 512f;

    static final float LN2_LOW = -2.1219444E-4f;
    /** {@code exp(r) = 1 + r + r^2 (E2 + E3 r + E4 r^2 + E5 r^3 + E6 r^4)} for |r| <= ln 2 / 2, within 3.1e-9. */
    static final float E2 = 0.49999994f;

    static final float E3 = 0.16666521f;
    static final float E4 = 0.04166839f;
    static final float E5 = 0.008368717f;
    static final float E6 = 0.0013814599f;

    /** {@code exp(-2 u)} with {@code u = sqrt(2 / pi) (x + 0.044715 x^3)} is {@code exp(x (G1 + G3 x^2))}. */
    static final float G1 = -1.595769f;

    static final float G3 = -0.071354814f;

    static final float SQRT_HALF = 0.70710677f;
    /**
     * {@code erfc(z) exp(z^2) = C0 + C1 s + … + C8 s^8} with {@code s = 1 / (1 + C z)}, for 0 <= z <= 7.5, within 4e-8
     * of the value (the form of Abramowitz and Stegun 7.1.26, with more terms).
     */
    static final float C = 0.4f;

    static final float C0 = 0.00012858344f;
    static final float C1 = 0.22314696f;
    static final float C2 = 0.24716242f;
    static final float C3 = 0.10437989f;
    static final float C4 = 0.4791148f;
    static final float C5 = -0.46115968f;
    static final float C6 = 0.75022006f;
    static final float C7 = -0.42229515f;
    static final float C8 = 0.07930205f;

    /** e to the {@code x}, within 2 units in the last place for {@code x} in -87..88; outside, the bound's value. */
    static float exp(float x) {
        float clamped = Math.min(Math.max(x, EXP_MIN), EXP_MAX);
        float rounded = Math.fma(clamped, LOG2_E, ROUND);
        float n = rounded - ROUND;
        float r = Math.fma(n, -LN2_HIGH, clamped);
        r = Math.fma(n, -LN2_LOW, r);
        float p = Math.fma(r, E6, E5);
        p = Math.fma(p, r, E4);
        p = Math.fma(p, r, E3);
        p = Math.fma(p, r, E2);
        p = Math.fma(p, r * r, r) + 1f;
        return Float.intBitsToFloat(Float.floatToRawIntBits(p) + (Float.floatToRawIntBits(rounded) << 23));
    }

    /** {@link Activation#GELU_TANH}, as {@code x / (1 + exp(-2 u))}, which is the same function with one exponential. */
    static float geluTanh(float x) {
        float e = exp(x * Math.fma(x * x, G3, G1));
        return x / (1f + e);
    }

    /** {@link Activation#GELU}, through {@code erfc(|x| / sqrt 2)}, which keeps the digits of the negative tail. */
    static float geluErf(float x) {
        float z = Math.abs(x) * SQRT_HALF;
        float s = 1f / Math.fma(z, C, 1f);
        float p = Math.fma(s, C8, C7);
        p = Math.fma(p, s, C6);
        p = Math.fma(p, s, C5);
        p = Math.fma(p, s, C4);
        p = Math.fma(p, s, C3);
        p = Math.fma(p, s, C2);
        p = Math.fma(p, s, C1);
        p = Math.fma(p, s, C0);
        float tail = Math.abs(x) * (0.5f * p * exp(-z * z));
        // Both sides in one, for a choice by lanes takes a mask, and masks become objects on the heap now and then.
        return Math.max(x, 0f) - tail;
    }

    static float relu(float x) {
        return Math.max(x, 0f);
    }

    static float activate(Activation activation, float x) {
        return switch (activation) {
            case GELU -> geluErf(x);
            case GELU_TANH -> geluTanh(x);
            case RELU -> relu(x);
        };
    }

    /** {@code 1 / sqrt(x)}; the square root of a float is exact to the last bit through double. */
    static float inverseSqrt(float x) {
        return 1f / (float) Math.sqrt(x);
    }
}
