package io.flinkgpt2.weights;

/**
 * ggml's K-quants, to float32: super-blocks of 256 elements, cut into groups whose small integer scales (and minima) are
 * multiples of one binary16 (or two) of the super-block.
 *
 * <p>An element is {@code (d * scale) * q}, less {@code dmin * minimum} where the type has minima. The products are
 * rounded in this order and nothing is fused, which gives the bits that ggml gives.
 *
 * @see <a href="https://github.com/ggml-org/ggml/blob/master/src/ggml-quants.c">ggml, dequantize_row_q2_K and so on</a>
 */
final class SuperBlocks {
    private static final int ELEMENTS = 256;

    private SuperBlocks() {}

    /** Decodes {@code length} elements, a multiple of 256, from the start of {@code stored}. */
    static void decode(DType dtype, byte[] stored, int length, float[] values) {
        int bytes = dtype.blockBytes();
        for (int start = 0, at = 0; start < length; start += ELEMENTS, at += bytes) {
            switch (dtype) {
                case Q2_K -> decodeQ2(stored, at, values, start);
                case Q3_K -> decodeQ3(stored, at, values, start);
                case Q4_K -> decodeQ4(stored, at, values, start);
                case Q5_K -> decodeQ5(stored, at, values, start);
                case Q6_K -> decodeQ6(stored, at, values, start);
                default -> throw new AssertionError(dtype + " has no blocks of " + ELEMENTS);
            }
        }
    }

    /** 16 bytes of scale (low nibble) and minimum (high nibble), 64 bytes of 2-bit integers, d, dmin. */
    private static void decodeQ2(byte[] stored, int at, float[] values, int start) {
        float d = SimpleBlocks.half(stored, at + 80);
        float dmin = SimpleBlocks.half(stored, at + 82);
        for (int group = 0; group < 16; group++) {
            int packed = stored[at + group];
            float scale = d * (packed & 0xf);
            float minimum = dmin * (packed >> 4 & 0xf);
            int from = at + 16 + lane(group);
            int shift = shift(group);
            for (int i = 0; i < 16; i++) {
                values[start + 16 * group + i] = scale * (stored[from + i] >> shift & 3) - minimum;
            }
        }
    }

    /** 32 bytes of third bits (unset: subtract 4), 64 bytes of 2-bit integers, 12 bytes of scales, d. */
    private static void decodeQ3(byte[] stored, int at, float[] values, int start) {
        float d = SimpleBlocks.half(stored, at + 108);
        for (int group = 0; group < 16; group++) {
            float scale = d * (q3Scale(stored, at + 96, group) - 32);
            int from = at + 32 + lane(group);
            int shift = shift(group);
            int thirdBits = at + lane(group) % 32;
            for (int i = 0; i < 16; i++) {
                int third = stored[thirdBits + i] >> (group / 2) & 1;
                int q = (stored[from + i] >> shift & 3) - (third == 0 ? 4 : 0);
                values[start + 16 * group + i] = scale * q;
            }
        }
    }

    /**
     * Returns one of 16 scales of 6 bits: 8 bytes with the low nibbles of two each, 4 bytes with the high bits of four each.
     */
    private static int q3Scale(byte[] stored, int at, int group) {
        int low = stored[at + group % 8] >> (group / 8 * 4) & 0xf;
        int high = stored[at + 8 + group % 4] >> (group / 4 * 2) & 3;
        return low | high << 4;
    }

    /**
     * Returns where the 2-bit integers of a group of 16 begin: each half of the super-block has 32 bytes, whose bit pairs, from
     * the lowest up, are runs of 32 elements.
     */
    private static int lane(int group) {
        return group / 8 * 32 + group % 2 * 16;
    }

    private static int shift(int group) {
        return group % 8 / 2 * 2;
    }

    /** d, dmin, 12 bytes of scales and minima, 128 bytes of nibbles. */
    private static void decodeQ4(byte[] stored, int at, float[] values, int start) {
        float d = SimpleBlocks.half(stored, at);
        float dmin = SimpleBlocks.half(stored, at + 2);
        for (int group = 0; group < 8; group++) {
            float scale = d * groupScale(stored, at + 4, group);
            float minimum = dmin * groupMinimum(stored, at + 4, group);
            int from = at + 16 + group / 2 * 32;
            int shift = group % 2 * 4;
            for (int i = 0; i < 32; i++) {
                values[start + 32 * group + i] = scale * (stored[from + i] >> shift & 0xf) - minimum;
            }
        }
    }

    /** d, dmin, 12 bytes of scales and minima, 32 bytes of fifth bits (one bit a group), 128 bytes of nibbles. */
    private static void decodeQ5(byte[] stored, int at, float[] values, int start) {
        float d = SimpleBlocks.half(stored, at);
        float dmin = SimpleBlocks.half(stored, at + 2);
        for (int group = 0; group < 8; group++) {
            float scale = d * groupScale(stored, at + 4, group);
            float minimum = dmin * groupMinimum(stored, at + 4, group);
            int from = at + 48 + group / 2 * 32;
            int shift = group % 2 * 4;
            for (int i = 0; i < 32; i++) {
                int fifth = (stored[at + 16 + i] >> group & 1) << 4;
                values[start + 32 * group + i] = scale * ((stored[from + i] >> shift & 0xf) | fifth) - minimum;
            }
        }
    }

    /** Returns one of 8 scales of 6 bits; those of groups 4 to 7 keep their high bits in the bytes of groups 0 to 3. */
    private static int groupScale(byte[] stored, int at, int group) {
        return group < 4
                ? stored[at + group] & 0x3f
                : (stored[at + group + 4] & 0xf) | (stored[at + group - 4] >> 6 & 3) << 4;
    }

    /** Returns one of 8 minima of 6 bits, packed as the scales are, 4 bytes on. */
    private static int groupMinimum(byte[] stored, int at, int group) {
        return group < 4
                ? stored[at + group + 4] & 0x3f
                : (stored[at + group + 4] >> 4 & 0xf) | (stored[at + group] >> 6 & 3) << 4;
    }

    /** 128 bytes of low nibbles, 64 bytes of high bits, 16 signed scales, d; the integers are biased by 32. */
    private static void decodeQ6(byte[] stored, int at, float[] values, int start) {
        float d = SimpleBlocks.half(stored, at + 208);
        for (int group = 0; group < 16; group++) {
            float scale = d * stored[at + 192 + group];
            // Each half of 128 elements: 64 bytes of nibbles, low ones first, and 32 bytes of four bit pairs.
            int run = group % 8 / 2;
            int low = at + group / 8 * 64 + run % 2 * 32 + group % 2 * 16;
            int high = at + 128 + lane(group);
            for (int i = 0; i < 16; i++) {
                int q = (stored[low + i] >> (run / 2 * 4) & 0xf) | (stored[high + i] >> (2 * run) & 3) << 4;
                values[start + 16 * group + i] = scale * (q - 32);
            }
        }
    }
}
