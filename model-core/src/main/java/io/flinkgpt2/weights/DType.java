package io.flinkgpt2.weights;

/**
 * Element types of stored tensors, named as in the safetensors format.
 *
 * <p>Sizes are given per block, the smallest whole number of elements that fills whole bytes, so that types of less than
 * a byte have exact sizes too.
 *
 * @see <a href="https://github.com/huggingface/safetensors/blob/main/safetensors/src/tensor.rs">safetensors, Dtype</a>
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
    F4(2, 1);

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

    /** Bytes of a block of {@link #blockElements()} elements. */
    public int blockBytes() {
        return blockBytes;
    }

    /** Whether {@link WeightsFile#read} can deliver tensors of this type as float values. */
    public boolean isReadable() {
        return switch (this) {
            case F32, F16, BF16 -> true;
            default -> false;
        };
    }

    /**
     * The bytes that {@code elements} elements take.
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
