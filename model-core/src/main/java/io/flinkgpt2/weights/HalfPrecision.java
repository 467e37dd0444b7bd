package io.flinkgpt2.weights;

/**
 * The 16-bit float formats: IEEE 754-2019 binary16 (1 sign, 5 exponent, 10 mantissa bits; bias 15) and bfloat16, the upper
 * half of a binary32. {@code Float.float16ToFloat} would do for the former, but came with JDK 20.
 */
final class HalfPrecision {
    private static final int F16_EXPONENT = 0x7c00;
    private static final int F16_MANTISSA = 0x03ff;
    private static final int F32_INFINITY = 0x7f80_0000;

    /** Difference of the exponents of binary16 and binary32: (127 - 15) in the exponent's place. */
    private static final int REBIAS = (127 - 15) << 23;

    /** Half way between the largest binary16, 65504, and 2^16: this and all above round to infinity. */
    private static final int F16_OVERFLOW = Float.floatToRawIntBits(65520f);

    private static final int F16_SMALLEST_NORMAL = Float.floatToRawIntBits(0x1p-14f);

    private HalfPrecision() {}

    /** Returns the exact value of a binary16; a NaN keeps its payload. */
    static float f16ToFloat(short half) {
        int sign = (half & 0x8000) << 16;
        int exponent = half & F16_EXPONENT;
        if (exponent == 0) {
            // A subnormal is its mantissa times 2^-24, which a float holds exactly.
            int magnitude = Float.floatToRawIntBits((half & F16_MANTISSA) * 0x1p-24f);
            return Float.intBitsToFloat(sign | magnitude);
        }
        int magnitude = (half & 0x7fff) << 13;
        return Float.intBitsToFloat(
                exponent == F16_EXPONENT ? sign | F32_INFINITY | magnitude : sign | (magnitude + REBIAS));
    }

    /** Returns the nearest binary16, ties to even; NaN becomes a quiet NaN. */
    static short floatToF16(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = (bits >>> 16) & 0x8000;
        int magnitude = bits & 0x7fff_ffff;
        if (magnitude > F32_INFINITY) {
            return (short) (sign | 0x7e00 | ((magnitude >>> 13) & F16_MANTISSA));
        }
        if (magnitude >= F16_OVERFLOW) {
            return (short) (sign | F16_EXPONENT);
        }
        if (magnitude < F16_SMALLEST_NORMAL) {
            // Rounding up to 1024 carries into the exponent, which is the smallest normal number, as it should be.
            return (short) (sign | (int) Math.rint(Math.abs(value) * 0x1p24f));
        }
        return (short) (sign | (roundOff(magnitude - REBIAS, 13) >>> 13));
    }

    /** Returns the exact value of a bfloat16; a NaN keeps its payload. */
    static float bf16ToFloat(short brain) {
        return Float.intBitsToFloat(brain << 16);
    }

    /** Returns the nearest bfloat16, ties to even; NaN becomes a quiet NaN. */
    static short floatToBf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if ((bits & 0x7fff_ffff) > F32_INFINITY) {
            return (short) ((bits >>> 16) | 0x40);
        }
        return (short) (roundOff(bits, 16) >>> 16);
    }

    /** Adds so much that cutting off the lowest {@code count} bits rounds to nearest, ties to even. */
    private static int roundOff(int bits, int count) {
        return bits + (1 << (count - 1)) - 1 + ((bits >>> count) & 1);
    }
}
