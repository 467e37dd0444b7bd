package io.flinkgpt2.weights;

/**
 * Element types of stored tensors, named as in the safetensors format, and ggml's quantised types, named as in GGUF.
 *
 * <p>Sizes are given per block, the smallest whole number of elements that fills whole bytes, so that types of less than
 * a byte have exact sizes too. A block of a quantised type also holds the scale that its elements share.
 *
 * @see <a href="https://github.com/huggingface/safetensors/blob/main/safetensors/src/tensor.rs">safetensors, Dtype</a>
 * @see <a href="https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h">ggml, block_q4_0 and so on</a>
 */
public enum DType {
    /** IEEE 754 binary32. */
    F32(1, 4),
    /** IEEE 754 binary16. */
    F16(1, 2),
    /** The upper 16 bits of a binary32. */
    BF16(1, 2),
    /** IEEE 754 binary64. */
    F64(1, 8),
    /** Two binary32: real part, imaginary part. */
    C64(1, 8),
    /** A byte that is 0 or 1. */
    BOOL(1, 1),
    /** Unsigned 8-bit integer. */
    U8(1, 1),
    /** Signed 8-bit integer. */
    I8(1, 1),
    /** Unsigned 16-bit integer. */
    U16(1, 2),
    /** Signed 16-bit integer. */
    I16(1, 2),
    /** Unsigned 32-bit integer. */
    U32(1, 4),
    /** Signed 32-bit integer. */
    I32(1, 4),
    /** Unsigned 64-bit integer. */
    U64(1, 8),
    /** Signed 64-bit integer. */
    I64(1, 8),
    /** 8-bit float, 5 exponent and 2 mantissa bits. */
    F8_E5M2(1, 1),
    /** 8-bit float, 4 exponent and 3 mantissa bits. */
    F8_E4M3(1, 1),
    /** 8-bit power of two. */
    F8_E8M0(1, 1),
    /** 8-bit float, 5 exponent and 2 mantissa bits, without infinities and negative zero. */
    F8_E5M2FNUZ(1, 1),
    /** 8-bit float, 4 exponent and 3 mantissa bits, without infinities and negative zero. */
    F8_E4M3FNUZ(1, 1),
    /** 6-bit float, 2 exponent and 3 mantissa bits; four in three bytes. */
    F6_E2M3(4, 3),
    /** 6-bit float, 3 exponent and 2 mantissa bits; four in three bytes. */
    F6_E3M2(4, 3),
    /** 4-bit float; two in a byte. */
    F4(2, 1),
    /** ggml: 8-bit integers times a binary16 scale. */
    Q8_0(32, 34),
    /** ggml: 4-bit integers around 0 times a binary16 scale. */
    Q4_0(32, 18),
    /** ggml: 4-bit integers times a binary16 scale, plus a binary16 minimum. */
    Q4_1(32, 20),
    /** ggml: 5-bit integers around 0 times a binary16 scale. */
    Q5_0(32, 22),
    /** ggml: 5-bit integers times a binary16 scale, plus a binary16 minimum. */
    Q5_1(32, 24),
    /** ggml: 4-bit indices into a table of 16 values, times a binary16 scale. */
    IQ4_NL(32, 18),
    /** ggml: 2-bit integers; each 16 have a 4-bit scale and a 4-bit minimum. */
    Q2_K(256, 84),
    /** ggml: 3-bit integers around 0; each 16 have a 6-bit scale. */
    Q3_K(256, 110),
    /** ggml: 4-bit integers; each 32 have a 6-bit scale and a 6-bit minimum. */
    Q4_K(256, 144),
    /** ggml: 5-bit integers; each 32 have a 6-bit scale and a 6-bit minimum. */
    Q5_K(256, 176),
    /** ggml: 6-bit integers around 0; each 16 have an 8-bit scale. */
    Q6_K(256, 210);

    private final int blockElements;
    private final int blockBytes;

    DType(int blockElements, int blockBytes) {
        this.blockElements = blockElements;
        this.blockBytes = blockBytes;
    }

    /** Elements in a block: 1 for every type of whole bytes. */
    public int blockElements() {
        return blockElements;
    }

    /** Returns the number of bytes of a block of {@link #blockElements()} elements. */
    public int blockBytes() {
        return blockBytes;
    }

    /**
     * Returns whether {@link WeightsFile#read} can deliver tensors of this type as float values; those of F64 are rounded to
     * float32.
     */
    public boolean isReadable() {
        return switch (this) {
            case F64, F32, F16, BF16 -> true;
            default -> isQuantised();
        };
    }

    /** Returns whether this is one of ggml's block-quantised types, which only GGUF files have. */
    public boolean isQuantised() {
        return switch (this) {
            case Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, IQ4_NL, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K -> true;
            default -> false;
        };
    }

    /**
     * Returns the bytes that {@code elements} elements take.
     *
     * @param elements not negative
     * @throws ArithmeticException if the elements do not fill whole blocks, or if the size exceeds a long
     */
    public long byteCount(long elements) {
        if (elements < 0) {
            throw new IllegalArgumentException("elements: found " + elements + ", expected 0 or more");
        }
        if (elements % blockElements != 0) {
            throw new ArithmeticException(
                    elements + " elements of " + this + " do not fill whole blocks of " + blockElements);
        }
        return Math.multiplyExact(elements / blockElements, (long) blockBytes);
    }
}
