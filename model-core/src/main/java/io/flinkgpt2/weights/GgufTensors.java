package io.flinkgpt2.weights;

import static io.flinkgpt2.weights.InvalidModelException.quoted;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Reads and checks the descriptions of the tensors, the last part of a GGUF file's head. */
final class GgufTensors {
    private static final int MAX_DIMENSIONS = 4;

    private final Path file;
    private final long fileBytes;
    private final GgufCursor cursor;

    /** A tensor and the place of its first byte in the file. */
    record Entry(TensorInfo tensor, long position) {}

    /** @param cursor stands at the first description */
    GgufTensors(Path file, long fileBytes, GgufCursor cursor) {
        this.file = file;
        this.fileBytes = fileBytes;
        this.cursor = cursor;
    }

    /** Returns the tensors in the order of their data, which begin at the next multiple of {@code alignment}. */
    List<Entry> parse(long count, long alignment) throws IOException {
        return place(parseInfos(count), alignment);
    }

    /** Returns the tensors with their offsets in the data instead of their positions in the file. */
    private List<Entry> parseInfos(long count) throws IOException {
        List<Entry> tensors = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (long i = 0; i < count; i++) {
            String name = cursor.at("tensor " + i + " of " + count).string(GgufHeader.MAX_NAME_BYTES);
            if (!names.add(name)) {
                throw at(name, "").invalid("this name twice", "every name once");
            }
            List<Long> shape = parseShape(name);
            DType dtype = parseType(name);
            TensorInfo tensor = tensor(name, dtype, shape);
            long offset = at(name, ", offset").unsigned(Long.BYTES);
            tensors.add(new Entry(tensor, offset));
        }
        return tensors;
    }

    /** Returns the sizes, outermost first: the file has them the other way round. */
    private List<Long> parseShape(String name) throws IOException {
        long dimensions = at(name, ", number of dimensions").unsigned(Integer.BYTES);
        if (dimensions > MAX_DIMENSIONS) {
            throw cursor.invalid(Long.toString(dimensions), "at most " + MAX_DIMENSIONS);
        }
        at(name, ", shape");
        List<Long> shape = new ArrayList<>();
        for (int i = 0; i < dimensions; i++) {
            long size = cursor.unsigned(Long.BYTES);
            if (size < 0) {
                throw cursor.invalid("a size of " + Long.toUnsignedString(size), "at most 2^63 - 1");
            }
            shape.add(0, size);
        }
        return shape;
    }

    private DType parseType(String name) throws IOException {
        long number = at(name, ", type").unsigned(Integer.BYTES);
        GgmlType type = GgmlType.of(number)
                .orElseThrow(() -> cursor.invalid("type " + number, "the number of a type that ggml has"));
        return type.dtype()
                .orElseThrow(() -> new InvalidModelException(
                        file,
                        subject(name, "type"),
                        type.name(),
                        supportedTypes(),
                        type + " is not supported: use a file that is quantised to another type"));
    }

    private static String supportedTypes() {
        return "one of "
                + Arrays.stream(GgmlType.values())
                        .flatMap(type -> type.dtype().stream())
                        .filter(DType::isReadable)
                        .map(DType::name)
                        .collect(Collectors.joining(", "));
    }

    private TensorInfo tensor(String name, DType dtype, List<Long> shape) throws InvalidModelException {
        // A block never spans two rows.
        long row = shape.isEmpty() ? 1 : shape.get(shape.size() - 1);
        if (row % dtype.blockElements() != 0) {
            throw at(name, ", shape")
                    .invalid(
                            shape + " of " + dtype,
                            "rows whose length is a multiple of " + dtype.blockElements() + ", the block of this type");
        }
        try {
            return new TensorInfo(name, dtype, shape);
        } catch (IllegalArgumentException e) {
            throw new InvalidModelException(
                    file,
                    subject(name, "shape"),
                    shape + " of " + dtype,
                    "a size of at most 2^63 - 1 bytes",
                    GgufCursor.ADVICE,
                    e);
        }
    }

    /** From offsets to positions, in their order; tensors may have gaps between them, but no byte in common. */
    private List<Entry> place(List<Entry> tensors, long alignment) throws InvalidModelException {
        long dataStart = (cursor.position() + alignment - 1) / alignment * alignment;
        long dataBytes = Math.max(0, fileBytes - dataStart);
        tensors.sort(Comparator.comparing(Entry::position, Long::compareUnsigned)
                .thenComparing(entry -> entry.tensor().byteCount()));
        List<Entry> placed = new ArrayList<>();
        long covered = 0;
        String last = "";
        for (Entry entry : tensors) {
            long offset = entry.position();
            String name = entry.tensor().name();
            long bytes = entry.tensor().byteCount();
            at(name, ", offset");
            if (offset % alignment != 0) {
                throw cursor.invalid(Long.toUnsignedString(offset), "a multiple of the alignment, " + alignment);
            }
            if (Long.compareUnsigned(offset, dataBytes) > 0 || bytes > dataBytes - offset) {
                throw cursor.invalid(
                        "offset " + Long.toUnsignedString(offset) + " for a tensor of " + bytes + " bytes",
                        "its end within the " + dataBytes + " bytes of data in this file of " + fileBytes);
            }
            if (offset < covered) {
                throw cursor.invalid(
                        "offset " + offset + ", an overlap with tensor " + quoted(last),
                        "at least " + covered + ", where that one ends");
            }
            covered = offset + bytes;
            last = name;
            placed.add(new Entry(entry.tensor(), dataStart + offset));
        }
        return placed;
    }

    private GgufCursor at(String tensor, String field) {
        return cursor.at("tensor", tensor, field);
    }

    private static String subject(String tensor, String field) {
        return "tensor " + quoted(tensor) + ", " + field;
    }
}
