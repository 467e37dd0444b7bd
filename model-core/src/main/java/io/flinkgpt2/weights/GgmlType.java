package io.flinkgpt2.weights;

import java.util.Optional;

/**
 * The tensor types of ggml by their number in a GGUF file. Those without a {@link DType} are here for their names only:
 * they are not supported.
 *
 * @see <a href="https://github.com/ggml-org/ggml/blob/master/include/ggml.h">ggml, enum ggml_type</a>
 */
enum GgmlType {
    F32(0, DType.F32),
    F16(1, DType.F16),
    Q4_0(2, DType.Q4_0),
    Q4_1(3, DType.Q4_1),
    Q4_2(4),
    Q4_3(5),
    Q5_0(6, DType.Q5_0),
    Q5_1(7, DType.Q5_1),
    Q8_0(8, DType.Q8_0),
    Q8_1(9),
    Q2_K(10, DType.Q2_K),
    Q3_K(11, DType.Q3_K),
    Q4_K(12, DType.Q4_K),
    Q5_K(13, DType.Q5_K),
    Q6_K(14, DType.Q6_K),
    Q8_K(15),
    IQ2_XXS(16),
    IQ2_XS(17),
    IQ3_XXS(18),
    IQ1_S(19),
    IQ4_NL(20, DType.IQ4_NL),
    IQ3_S(21),
    IQ2_S(22),
    IQ4_XS(23),
    I8(24, DType.I8),
    I16(25, DType.I16),
    I32(26, DType.I32),
    I64(27, DType.I64),
    F64(28, DType.F64),
    IQ1_M(29),
    BF16(30, DType.BF16),
    Q4_0_4_4(31),
    Q4_0_4_8(32),
    Q4_0_8_8(33),
    TQ1_0(34),
    TQ2_0(35),
    IQ4_NL_4_4(36),
    IQ4_NL_4_8(37),
    IQ4_NL_8_8(38),
    MXFP4(39);

    private final long number;
    private final Optional<DType> dtype;

    GgmlType(long number) {
        this.number = number;
        this.dtype = Optional.empty();
    }

    GgmlType(long number, DType dtype) {
        this.number = number;
        this.dtype = Optional.of(dtype);
    }

    /** Returns the type that a file calls {@code number}. */
    static Optional<GgmlType> of(long number) {
        for (GgmlType type : values()) {
            if (type.number == number) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    long number() {
        return number;
    }

    /** Returns its type here, if it is supported. */
    Optional<DType> dtype() {
        return dtype;
    }
}
