package io.flinkgpt2.weights;

import static io.flinkgpt2.weights.InvalidModelException.quoted;

import io.flinkgpt2.weights.GgufMetadata.Value;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads and checks what stands before the data of a GGUF file; the format is described at {@link Gguf}. */
final class GgufHeader {
    static final byte[] MAGIC = "GGUF".getBytes(StandardCharsets.US_ASCII);

    /** Longest head that is read, in bytes; GPT-2's with its vocabulary has 1.7 million. */
    static final int MAX_BYTES = 16 << 20;

    /** Most metadata keys, of which files have some dozens. */
    static final int MAX_KEYS = 16_384;

    /** Most tensors; a GPT-2 of 48 layers has 580. */
    static final int MAX_TENSORS = 16_384;

    /** Longest name of a key or a tensor, in bytes; the format's limit for keys. */
    static final int MAX_NAME_BYTES = 65_535;

    /** Arrays in arrays in arrays: nothing that is in use has more than one level. */
    private static final int MAX_NESTING = 8;

    private static final String ALIGNMENT = "general.alignment";
    private static final long DEFAULT_ALIGNMENT = 32;

    /** An empty name, a value type and a byte; an empty name, no dimensions, a type and an offset. */
    private static final int LEAST_KEY_BYTES = 8 + 4 + 1;

    private static final int LEAST_TENSOR_BYTES = 8 + 4 + 4 + 8;

    private final Path file;
    private final FileChannel channel;
    private final long fileBytes;
    private final GgufCursor cursor;

    /** The metadata, and the tensors in the order of their data. */
    record Header(GgufMetadata metadata, List<GgufTensors.Entry> tensors) {}

    private GgufHeader(Path file, FileChannel channel, long fileBytes) {
        this.file = file;
        this.channel = channel;
        this.fileBytes = fileBytes;
        this.cursor = new GgufCursor(channel, file, 0, fileBytes, MAX_BYTES);
    }

    /** Returns whether these are the first bytes of a GGUF file. */
    static boolean hasMagic(byte[] bytes, int count) {
        return count >= MAGIC.length && Arrays.equals(bytes, 0, MAGIC.length, MAGIC, 0, MAGIC.length);
    }

    static Header parse(Path file, FileChannel channel) throws IOException {
        return new GgufHeader(file, channel, channel.size()).parse();
    }

    private Header parse() throws IOException {
        checkMagic();
        checkVersion();
        long tensorCount = count("number of tensors", "tensors", LEAST_TENSOR_BYTES, MAX_TENSORS);
        long keyCount = count("number of metadata keys", "keys", LEAST_KEY_BYTES, MAX_KEYS);
        GgufMetadata metadata = new GgufMetadata(file, channel, parseValues(keyCount));
        GgufTensors tensors = new GgufTensors(file, fileBytes, cursor);
        return new Header(metadata, tensors.parse(tensorCount, alignment(metadata)));
    }

    private void checkMagic() throws IOException {
        byte[] start = new byte[MAGIC.length];
        int count = TensorStream.readFully(channel, start, start.length, 0);
        if (!hasMagic(start, count)) {
            // A repository cloned without its large files has a short text in the place of each.
            boolean pointer = new String(start, StandardCharsets.ISO_8859_1).equals("vers");
            throw new InvalidModelException(
                    file,
                    "magic number",
                    count < start.length
                            ? "a file of " + count + " bytes"
                            : quoted(new String(start, StandardCharsets.ISO_8859_1)),
                    "'GGUF', with which the file begins",
                    pointer ? ModelFiles.LFS_ADVICE : GgufCursor.ADVICE);
        }
        cursor.skip(MAGIC.length);
    }

    private void checkVersion() throws IOException {
        int version = (int) cursor.at("version").unsigned(Integer.BYTES);
        if (version == 2 || version == 3) {
            return;
        }
        int swapped = Integer.reverseBytes(version);
        if (swapped >= 1 && swapped <= 0xffff) {
            throw new InvalidModelException(
                    file,
                    "version",
                    "version " + swapped + " in big-endian byte order",
                    "a little-endian file of version 2 or 3",
                    "convert the file to little-endian byte order");
        }
        throw new InvalidModelException(
                file,
                "version",
                "version " + Integer.toUnsignedString(version),
                "version 2 or 3",
                version == 1
                        ? "version 1 was used in 2023 only: convert the model again"
                        : "the file is damaged, or newer than this program");
    }

    private long count(String subject, String things, int leastBytes, int most) throws IOException {
        long count = cursor.at(subject).count(things, leastBytes);
        if (count > most) {
            throw cursor.invalid(count + " " + things, "at most " + most);
        }
        return count;
    }

    private Map<String, Value> parseValues(long count) throws IOException {
        Map<String, Value> values = new LinkedHashMap<>();
        for (long i = 0; i < count; i++) {
            String key = cursor.at("metadata key " + i + " of " + count).string(MAX_NAME_BYTES);
            cursor.at("metadata", key, "");
            if (values.put(key, parseValue()) != null) {
                throw cursor.invalid("this key twice", "every key once");
            }
        }
        return values;
    }

    private Value parseValue() throws IOException {
        GgufValueType type = valueType();
        if (type != GgufValueType.ARRAY) {
            long position = cursor.position();
            skip(type, 1);
            return new Value(type, null, 1, position, cursor.position());
        }
        GgufValueType elementType = valueType();
        long count = cursor.count("elements", elementType.leastBytes());
        long position = cursor.position();
        skipElements(elementType, count, 1);
        return new Value(type, elementType, count, position, cursor.position());
    }

    private GgufValueType valueType() throws IOException {
        long number = cursor.unsigned(Integer.BYTES);
        return GgufValueType.of(number)
                .orElseThrow(() -> cursor.invalid(
                        "value type " + number, "a type of the format, 0 to " + (GgufValueType.values().length - 1)));
    }

    private void skip(GgufValueType type, int depth) throws IOException {
        switch (type) {
            case STRING -> cursor.skipString();
            case ARRAY -> {
                if (depth > MAX_NESTING) {
                    throw cursor.invalid(
                            "arrays in arrays, more than " + MAX_NESTING + " deep", "at most " + MAX_NESTING);
                }
                GgufValueType elementType = valueType();
                skipElements(elementType, cursor.count("elements", elementType.leastBytes()), depth);
            }
            case BOOL -> {
                int value = cursor.u8();
                if (value > 1) {
                    throw cursor.invalid("the byte " + value + " for a boolean", "0 or 1");
                }
            }
            default -> cursor.skip(type.leastBytes());
        }
    }

    private void skipElements(GgufValueType elementType, long count, int depth) throws IOException {
        if (elementType == GgufValueType.STRING || elementType == GgufValueType.ARRAY) {
            for (long i = 0; i < count; i++) {
                skip(elementType, depth + 1);
            }
        } else {
            cursor.skip(count * elementType.leastBytes()); // no overflow: so many fit into what is left
        }
    }

    private long alignment(GgufMetadata metadata) throws IOException {
        long alignment = metadata.integer(ALIGNMENT).orElse(DEFAULT_ALIGNMENT);
        if (alignment < 1 || alignment > 1L << 31 || Long.bitCount(alignment) != 1) {
            throw metadata.invalid(
                    ALIGNMENT, Long.toString(alignment), "a power of two from 1 to 2^31", GgufCursor.ADVICE);
        }
        return alignment;
    }
}
