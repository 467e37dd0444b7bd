package io.flinkgpt2.weights;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * ggml's quantised types with blocks of 32 elements, to float32.
 *
 * <p>A block begins with a binary16 scale {@code d}; a type with the suffix 1 has a binary16 minimum {@code m} next. With
 * {@code q} the stored integer, an element is {@code (q - bias) * d}, or {@code q * d + m}, or of {@code IQ4_NL} the value
 * that {@code q} stands for in a table, times {@code d}. Low nibbles hold the block's
 * first half, high nibbles the second. Product and sum are rounded each, never fused, which gives the bits that ggml gives.
 *
 * @see <a href="https://github.com/ggml-org/ggml/blob/master/src/ggml-quants.c">ggml, dequantize_row_q4_0 and so on</a>
 */
final class SimpleBlocks {
    private static final int ELEMENTS = 32;
    private static final int HALF = ELEMENTS / 2;

    private static final VarHandle SHORTS =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    /** ggml's {@code kvalues_iq4nl}: steps that are finer around 0, as weights are denser there. */
    private static final byte[] IQ4_NL_VALUES = {
        -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
    };

    private SimpleBlocks() {}

    /** Decodes {@code length} elements, a multiple of 32, from the start of {@code stored}. */
    static void decode(DType dtype, byte[] stored, int length, float[] values) {
        int bytes = dtype.blockBytes();
        for (int start = 0, at = 0; start < length; start += ELEMENTS, at += bytes) {
            switch (dtype) {
                case Q8_0 -> decodeQ8Type0(stored, at, values, start);
                case Q4_0 -> decodeQ4Type0(stored, at, values, start);
                case Q4_1 -> decodeQ4Type1(stored, at, values, start);
                case Q5_0 -> decodeQ5Type0(stored, at, values, start);
                case Q5_1 -> decodeQ5Type1(stored, at, values, start);
                case IQ4_NL -> decodeIq4Nl(stored, at, values, start);
                default -> throw new AssertionError(dtype + " has no blocks of " + ELEMENTS);
            }
        }
    }

    /** Scale, 32 signed bytes. */
    private static void decodeQ8Type0(byte[] stored, int at, float[] values, int start) {
        float scale = half(stored, at);
        for (int i = 0; i < ELEMENTS; i++) {
            values[start + i] = stored[at + 2 + i] * scale;
        }
    }

    /** Scale, 16 bytes of nibbles, biased by 8. */
    private static void decodeQ4Type0(byte[] stored, int at, float[] values, int start) {
        float scale = half(stored, at);
        for (int i = 0; i < HALF; i++) {
            int nibbles = stored[at + 2 + i];
            values[start + i] = ((nibbles & 0xf) - 8) * scale;
            values[start + HALF + i] = ((nibbles >> 4 & 0xf) - 8) * scale;
        }
    }

    /** Scale, 16 bytes of nibbles, which are indices. */
    private static void decodeIq4Nl(byte[] stored, int at, float[] values, int start) {
        float scale = half(stored, at);
        for (int i = 0; i < HALF; i++) {
            int nibbles = stored[at + 2 + i];
            values[start + i] = scale * IQ4_NL_VALUES[nibbles & 0xf];
            values[start + HALF + i] = scale * IQ4_NL_VALUES[nibbles >> 4 & 0xf];
        }
    }

    /** Scale, minimum, 16 bytes of nibbles. */
    private static void decodeQ4Type1(byte[] stored, int at, float[] values, int start) {
        float scale = half(stored, at);
        float minimum = half(stored, at + 2);
        for (int i = 0; i < HALF; i++) {
            int nibbles = stored[at + 4 + i];
            values[start + i] = (nibbles & 0xf) * scale + minimum;
            values[start + HALF + i] = (nibbles >> 4 & 0xf) * scale + minimum;
        }
    }

    /** Scale, 32 fifth bits, 16 bytes of nibbles, biased by 16. */
    private static void decodeQ5Type0(byte[] stored, int at, float[] values, int start) {
        float scale = half(stored, at);
        int fifthBits = (int) INTS.get(stored, at + 2);
        for (int i = 0; i < HALF; i++) {
            int nibbles = stored[at + 6 + i];
            values[start + i] = (((nibbles & 0xf) | fifth(fifthBits, i)) - 16) * scale;
            values[start + HALF + i] = (((nibbles >> 4 & 0xf) | fifth(fifthBits, HALF + i)) - 16) * scale;
        }
    }

    /** Scale, minimum, 32 fifth bits, 16 bytes of nibbles. */
    private static void decodeQ5Type1(byte[] stored, int at, float[] values, int start) {
        float scale = half(stored, at);
        float minimum = half(stored, at + 2);
        int fifthBits = (int) INTS.get(stored, at + 4);
        for (int i = 0; i < HALF; i++) {
            int nibbles = stored[at + 8 + i];
            values[start + i] = ((nibbles & 0xf) | fifth(fifthBits, i)) * scale + minimum;
            values[start + HALF + i] = ((nibbles >> 4 & 0xf) | fifth(fifthBits, HALF + i)) * scale + minimum;
        }
    }

    /** Bit {@code i} in the place of the fifth bit, 0 or 16. */
    private static int fifth(int bits, int i) {
        return (bits >>> i & 1) << 4;
    }

    static float half(byte[] stored, int at) {
        return HalfPrecision.f16ToFloat((short) SHORTS.get(stored, at));
    }
}
