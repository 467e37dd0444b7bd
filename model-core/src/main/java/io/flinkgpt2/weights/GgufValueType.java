package io.flinkgpt2.weights;

import java.util.Locale;
import java.util.Optional;

/**
 * The types of metadata values, in the order of their numbers in the file.
 *
 * @see <a href="https://github.com/ggml-org/ggml/blob/master/docs/gguf.md#file-structure">GGUF, gguf_metadata_value_type</a>
 */
enum GgufValueType {
    UINT8(1),
    INT8(1),
    UINT16(2),
    INT16(2),
    UINT32(4),
    INT32(4),
    FLOAT32(4),
    BOOL(1),
    /** A length of 8 bytes, then so many bytes of UTF-8. */
    STRING(8),
    /** The elements' type in 4 bytes, their number in 8, the elements. */
    ARRAY(12),
    UINT64(8),
    INT64(8),
    FLOAT64(8);

    private final int leastBytes;

    GgufValueType(int leastBytes) {
        this.leastBytes = leastBytes;
    }

    static Optional<GgufValueType> of(long number) {
        return number >= 0 && number < values().length ? Optional.of(values()[(int) number]) : Optional.empty();
    }

    /** Returns the number of bytes of a value; of a string or an array, those of an empty one. */
    int leastBytes() {
        return leastBytes;
    }

    boolean isInteger() {
        return switch (this) {
            case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 -> true;
            default -> false;
        };
    }

    /** For messages, such as {@code uint32}. */
    String title() {
        return name().toLowerCase(Locale.ROOT);
    }
}
