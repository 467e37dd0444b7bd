package io.flinkgpt2.weights;

import static io.flinkgpt2.weights.InvalidModelException.quoted;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;

/**
 * The metadata of an open GGUF file. Values stay in the file until they are asked for, so that a vocabulary that nobody
 * needs costs nothing. Safe for use by several threads at once.
 *
 * <p>Each getter is empty if there is no such key, and throws {@link InvalidModelException}, which names file and key, if
 * the value is of another type than the getter's. Numbers may be of any width.
 *
 * @see <a href="https://github.com/ggml-org/ggml/blob/master/docs/gguf.md">GGUF, standardized key-value pairs</a>
 */
public final class GgufMetadata {
    /** Most elements of an array that is read; GPT-2 has 50,257 tokens and 50,000 merges. */
    static final int MAX_ELEMENTS = 1 << 18;

    private static final int MAX_STRING_BYTES = GgufHeader.MAX_BYTES;

    private final Path file;
    private final FileChannel channel;
    private final Map<String, Value> values;

    /**
     * Where a value is.
     *
     * @param position of its first byte in the file; of an array, of its first element
     * @param end of the byte after its last
     * @param elementType of an array, else null
     * @param count elements of an array, else 1
     */
    record Value(GgufValueType type, GgufValueType elementType, long count, long position, long end) {

        String title() {
            return type == GgufValueType.ARRAY ? "an array of " + elementType.title() : "a value of " + type.title();
        }
    }

    GgufMetadata(Path file, FileChannel channel, Map<String, Value> values) {
        this.file = file;
        this.channel = channel;
        this.values = values;
    }

    /** Returns the keys, in the order of the file; unmodifiable. */
    public Set<String> keys() {
        return Collections.unmodifiableSet(values.keySet());
    }

    /** Returns a string. */
    public Optional<String> string(String key) throws IOException {
        Value value = value(key, "a string", type -> type == GgufValueType.STRING);
        return value == null ? Optional.empty() : Optional.of(cursor(key, value).string(MAX_STRING_BYTES));
    }

    /** Returns an integer; one of 64 bits without sign must be at most 2^63 - 1. */
    public OptionalLong integer(String key) throws IOException {
        Value value = value(key, "an integer", GgufValueType::isInteger);
        return value == null ? OptionalLong.empty() : OptionalLong.of(integer(cursor(key, value), value.type()));
    }

    /** Returns a boolean. */
    public Optional<Boolean> bool(String key) throws IOException {
        Value value = value(key, "a boolean", type -> type == GgufValueType.BOOL);
        return value == null ? Optional.empty() : Optional.of(cursor(key, value).unsigned(1) != 0);
    }

    /** Returns a float32 or float64, as it is: it may be a NaN or infinite. */
    public OptionalDouble floatingPoint(String key) throws IOException {
        Value value = value(
                key, "a floating-point number", type -> type == GgufValueType.FLOAT32 || type == GgufValueType.FLOAT64);
        if (value == null) {
            return OptionalDouble.empty();
        }
        GgufCursor cursor = cursor(key, value);
        return OptionalDouble.of(
                value.type() == GgufValueType.FLOAT32
                        ? Float.intBitsToFloat((int) cursor.unsigned(Float.BYTES))
                        : Double.longBitsToDouble(cursor.unsigned(Double.BYTES)));
    }

    /** Returns an array of strings, at most 262,144. */
    public Optional<List<String>> strings(String key) throws IOException {
        Value value = array(key, "strings", type -> type == GgufValueType.STRING);
        if (value == null) {
            return Optional.empty();
        }
        GgufCursor cursor = cursor(key, value);
        List<String> strings = new ArrayList<>((int) value.count());
        for (long i = 0; i < value.count(); i++) {
            strings.add(cursor.string(MAX_STRING_BYTES));
        }
        return Optional.of(strings);
    }

    /** Returns an array of integers, at most 262,144, each of which fits an int. */
    public Optional<int[]> integers(String key) throws IOException {
        Value value = array(key, "integers", GgufValueType::isInteger);
        if (value == null) {
            return Optional.empty();
        }
        GgufCursor cursor = cursor(key, value);
        int[] integers = new int[(int) value.count()];
        for (int i = 0; i < integers.length; i++) {
            long element = integer(cursor, value.elementType());
            if (element != (int) element) {
                throw invalid(key, element + " at index " + i, "integers of 32 bits", GgufCursor.ADVICE);
            }
            integers[i] = (int) element;
        }
        return Optional.of(integers);
    }

    private static long integer(GgufCursor cursor, GgufValueType type) throws IOException {
        int bytes = type.leastBytes();
        return switch (type) {
            case INT8, INT16, INT32, INT64 -> cursor.signed(bytes);
            default -> {
                long value = cursor.unsigned(bytes);
                if (value < 0) {
                    throw cursor.invalid(Long.toUnsignedString(value), "at most 2^63 - 1");
                }
                yield value;
            }
        };
    }

    @FunctionalInterface
    private interface TypeTest {
        boolean accepts(GgufValueType type);
    }

    /** Returns the value of a key, or null. */
    private Value value(String key, String expected, TypeTest test) throws InvalidModelException {
        Value value = values.get(key);
        if (value != null && !test.accepts(value.type())) {
            throw invalid(key, value.title(), expected, "the file is damaged or was made wrongly: convert it again");
        }
        return value;
    }

    private Value array(String key, String expected, TypeTest test) throws InvalidModelException {
        Value value = value(key, "an array of " + expected, type -> type == GgufValueType.ARRAY);
        if (value != null && !test.accepts(value.elementType())) {
            throw invalid(
                    key,
                    value.title(),
                    "an array of " + expected,
                    "the file is damaged or was made wrongly: convert it again");
        }
        if (value != null && value.count() > MAX_ELEMENTS) {
            throw invalid(key, value.count() + " elements", "at most " + MAX_ELEMENTS, GgufCursor.ADVICE);
        }
        return value;
    }

    private GgufCursor cursor(String key, Value value) {
        return new GgufCursor(channel, file, value.position(), value.end(), value.end()).at("metadata", key, "");
    }

    /** Returns the exception for a key's value that is wrong or missing; the arguments are those of the exception. */
    public InvalidModelException invalid(String key, String found, String expected, String advice) {
        return new InvalidModelException(file, "metadata " + quoted(key), found, expected, advice);
    }
}
