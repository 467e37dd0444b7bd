package io.flinkgpt2.weights;

import static io.flinkgpt2.weights.InvalidModelException.quoted;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;

/** Reads and checks the header of a safetensors file; the format is described at {@link SafeTensors}. */
final class SafeTensorsHeader {
    /** Bytes of the header's length, which stands first in the file. */
    static final int LENGTH_BYTES = Long.BYTES;

    /** Longest header that is read, in bytes; that of a GPT-2 of 48 layers has 60,000. */
    static final int MAX_BYTES = 16 << 20;

    /** The name that holds a map of strings instead of a tensor. */
    static final String METADATA = "__metadata__";

    private static final String ADVICE = "the file is damaged or not safetensors: download or convert it again";

    private final Path file;
    private final long dataBytes;

    private SafeTensorsHeader(Path file, long dataBytes) {
        this.file = file;
        this.dataBytes = dataBytes;
    }

    /** A tensor and its bytes {@code [begin, end)} after the header. */
    record Entry(TensorInfo tensor, long begin, long end) {}

    /**
     * Returns the length of the header in bytes.
     *
     * @param prefix the file's first bytes, {@link #LENGTH_BYTES} of them or more, or all
     * @throws InvalidModelException if the length is missing, or is more than the file or {@link #MAX_BYTES} has room for
     */
    static int parseLength(Path file, byte[] prefix, long fileBytes) throws InvalidModelException {
        if (prefix.length < LENGTH_BYTES) {
            throw new InvalidModelException(
                    file, "header length", "a file of " + prefix.length + " bytes", "at least " + LENGTH_BYTES, ADVICE);
        }
        long length = ByteBuffer.wrap(prefix).order(ByteOrder.LITTLE_ENDIAN).getLong();
        long limit = Math.min(MAX_BYTES, fileBytes - LENGTH_BYTES);
        if (length < 0 || length > limit) {
            throw new InvalidModelException(
                    file,
                    "header length",
                    Long.toUnsignedString(length) + " bytes",
                    "at most " + limit + " in this file of " + fileBytes + " bytes",
                    ModelFiles.isGitLfsPointer(prefix) ? ModelFiles.LFS_ADVICE : ADVICE);
        }
        return (int) length;
    }

    /**
     * Parses the header and checks that its tensors cover the data without overlap and without a hole.
     *
     * @param json the header's bytes
     * @param dataBytes bytes that follow the header in the file
     * @return the tensors in the order of their data
     */
    static List<Entry> parse(Path file, byte[] json, long dataBytes) throws InvalidModelException {
        SafeTensorsHeader header = new SafeTensorsHeader(file, dataBytes);
        if (json.length == 0 || json[0] != '{') {
            String found = json.length == 0 ? "no bytes" : String.format("the byte 0x%02x", json[0]);
            throw header.invalid("start of the header", found, "the character '{'");
        }
        List<Entry> entries = header.parseEntries(json);
        header.checkCoverage(entries);
        return entries;
    }

    private List<Entry> parseEntries(byte[] utf8) throws InvalidModelException {
        List<Entry> entries = new ArrayList<>();
        try (StrictJson json = new StrictJson(file, "header", utf8, ADVICE)) {
            json.beginObject(() -> "header");
            for (String name = json.nextName(); name != null; name = json.nextName()) {
                if (name.equals(METADATA)) {
                    parseMetadata(json);
                } else {
                    entries.add(parseEntry(json, name));
                }
            }
            json.end();
        }
        // The sort is stable, so empty tensors at one place keep the header's order.
        entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        return entries;
    }

    private static void parseMetadata(StrictJson json) throws InvalidModelException {
        if (!json.beginObjectOrNull(() -> METADATA)) {
            return;
        }
        for (String key = json.nextName(); key != null; key = json.nextName()) {
            String name = key;
            json.skipString(() -> METADATA + ", " + quoted(name));
        }
    }

    private Entry parseEntry(StrictJson json, String name) throws InvalidModelException {
        DType dtype = null;
        List<Long> shape = null;
        List<Long> offsets = null;
        json.beginObject(() -> "tensor " + quoted(name));
        for (String key = json.nextName(); key != null; key = json.nextName()) {
            String field = key;
            Supplier<String> subject = () -> subject(name, field);
            switch (field) {
                case "dtype" -> dtype = parseDtype(json.string(subject), name);
                case "shape" -> shape = json.naturals(subject);
                case "data_offsets" -> offsets = json.naturals(subject);
                default -> json.skipValue(); // as the library does
            }
        }
        if (dtype == null || shape == null || offsets == null) {
            String missing = dtype == null ? "dtype" : shape == null ? "shape" : "data_offsets";
            throw invalid(subject(name, missing), "no such field", "dtype, shape and data_offsets");
        }
        return checkEntry(name, dtype, shape, offsets);
    }

    private DType parseDtype(String text, String name) throws InvalidModelException {
        for (DType dtype : DType.values()) {
            if (dtype.name().equals(text) && !dtype.isQuantised()) {
                return dtype;
            }
        }
        throw invalid(subject(name, "dtype"), quoted(text), "a type of the safetensors format, such as F32");
    }

    private Entry checkEntry(String name, DType dtype, List<Long> shape, List<Long> offsets)
            throws InvalidModelException {
        TensorInfo tensor;
        try {
            tensor = new TensorInfo(name, dtype, shape);
        } catch (IllegalArgumentException e) {
            throw new InvalidModelException(
                    file,
                    subject(name, "shape"),
                    shape + " of " + dtype,
                    "a size of whole bytes, at most 2^63 - 1 of them",
                    ADVICE,
                    e);
        }
        if (offsets.size() != 2) {
            throw invalid(subject(name, "data_offsets"), offsets.toString(), "two numbers, begin and end");
        }
        long begin = offsets.get(0);
        long end = offsets.get(1);
        if (begin > end || end > dataBytes) {
            throw invalid(
                    subject(name, "data_offsets"),
                    offsets.toString(),
                    "begin <= end <= " + dataBytes + ", the bytes after the header");
        }
        if (end - begin != tensor.byteCount()) {
            throw invalid(
                    subject(name, "data_offsets"),
                    offsets + ", which is " + (end - begin) + " bytes",
                    tensor.byteCount() + " bytes for shape " + shape + " of " + dtype);
        }
        return new Entry(tensor, begin, end);
    }

    private void checkCoverage(List<Entry> sorted) throws InvalidModelException {
        long covered = 0;
        String last = "the header";
        for (Entry entry : sorted) {
            if (entry.begin() != covered) {
                String what = entry.begin() < covered ? "an overlap with " : "a hole after ";
                throw invalid(
                        subject(entry.tensor().name(), "data_offsets"),
                        "begin " + entry.begin() + ", " + what + last,
                        "begin " + covered + ", where " + last + " ends");
            }
            covered = entry.end();
            last = "tensor " + quoted(entry.tensor().name());
        }
        if (covered != dataBytes) {
            throw invalid(
                    "end of the data",
                    (dataBytes - covered) + " bytes after " + last,
                    "no byte that belongs to no tensor");
        }
    }

    private static String subject(String tensor, String field) {
        return "tensor " + quoted(tensor) + ", " + field;
    }

    private InvalidModelException invalid(String subject, String found, String expected) {
        return new InvalidModelException(file, subject, found, expected, ADVICE);
    }
}
