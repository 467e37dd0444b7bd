package io.flinkgpt2.weights;

import static io.flinkgpt2.weights.InvalidModelException.quoted;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;

/**
 * Writes a safetensors file (see {@link SafeTensors}) tensor by tensor, without holding it whole. The data go to a temporary
 * file beside the target, which {@link #finish} renames; so the target is never seen half written. A writer that is closed
 * unfinished leaves nothing behind. For use by one thread.
 */
public final class SafeTensorsWriter implements Closeable {

    private static final Set<DType> WRITTEN = EnumSet.of(DType.F32, DType.F16, DType.BF16);

    private static final int BUFFER_BYTES = 1 << 20;

    private final Path file;
    private final Path temporary;
    private final FileChannel channel;
    private final List<TensorInfo> tensors;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private int current;
    private long written;

    private SafeTensorsWriter(Path file, Path temporary, FileChannel channel, List<TensorInfo> tensors) {
        this.file = file;
        this.temporary = temporary;
        this.channel = channel;
        this.tensors = tensors;
    }

    /**
     * Starts a file with the given tensors, whose data will lie in the list's order.
     *
     * @param file the target, replaced if it exists; its directory must exist
     * @param tensors of type F32, F16 or BF16, no name twice. In a mix of types put F32 first, so that every tensor begins at
     *     a multiple of its element's size: libraries that map files rely on it
     * @throws IllegalArgumentException if a tensor's type or place is not allowed, or if {@link SafeTensors#open} would refuse the
     *     header
     * @throws IOException if the file cannot be written
     */
    public static SafeTensorsWriter create(Path file, List<TensorInfo> tensors) throws IOException {
        List<TensorInfo> copy = List.copyOf(tensors);
        ByteBuffer header = header(file, copy);
        Path temporary = file.resolveSibling(ModelFiles.name(file) + "." + UUID.randomUUID() + ".partial");
        FileChannel channel;
        try {
            channel = FileChannel.open(temporary, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
        } catch (IOException e) {
            throw new IOException(file + ": cannot create the temporary file " + temporary + ": " + e, e);
        }
        SafeTensorsWriter writer = new SafeTensorsWriter(file, temporary, channel, copy);
        try {
            writer.drain(header);
            writer.skipComplete();
            return writer;
        } catch (Throwable e) {
            try {
                writer.close();
            } catch (IOException closing) {
                e.addSuppressed(closing);
            }
            throw e;
        }
    }

    /**
     * Writes all tensors of other weights, in their order and with their types.
     *
     * @param file the target, replaced if it exists; its directory must exist
     * @throws IllegalArgumentException as {@link #create} does
     * @throws IOException if the weights cannot be read or the file cannot be written; the target is then as before
     */
    public static void copy(WeightsFile weights, Path file) throws IOException {
        List<TensorInfo> tensors = List.copyOf(weights.tensors().values());
        try (SafeTensorsWriter writer = create(file, tensors)) {
            for (TensorInfo tensor : tensors) {
                weights.read(tensor.name(), (values, length, start) -> {
                    try {
                        writer.write(tensor.name(), values, 0, length);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
            }
            writer.finish();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** Length, JSON and padding; checks the tensors on the way. */
    private static ByteBuffer header(Path file, List<TensorInfo> tensors) {
        ByteArrayOutputStream json = new ByteArrayOutputStream();
        try {
            long dataBytes = writeJson(tensors, json);
            while (json.size() % 8 != 0) {
                json.write(' ');
            }
            ByteBuffer header = ByteBuffer.allocate(Long.BYTES + json.size())
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(json.size())
                    .put(json.toByteArray())
                    .flip();
            // What is written must be readable: no name twice, none in half characters, nothing beyond the limits.
            long fileBytes = Math.addExact(dataBytes, header.limit());
            SafeTensorsHeader.parseLength(file, header.array(), fileBytes);
            List<TensorInfo> readable = SafeTensorsHeader.parse(file, json.toByteArray(), dataBytes).stream()
                    .map(SafeTensorsHeader.Entry::tensor)
                    .toList();
            if (!readable.equals(tensors)) {
                throw new IllegalArgumentException(file + ": found tensors that would be read as " + readable.size()
                        + " others, expected names in whole characters, none of them " + SafeTensorsHeader.METADATA);
            }
            return header;
        } catch (IOException | ArithmeticException e) {
            throw new IllegalArgumentException(
                    file + ": found tensors that do not make a valid header, expected ones that can be read again: "
                            + e.getMessage(),
                    e);
        }
    }

    /** Returns the size of the data in bytes. */
    private static long writeJson(List<TensorInfo> tensors, OutputStream json) throws IOException {
        long offset = 0;
        try (JsonGenerator generator = new JsonFactory().createGenerator(json)) {
            generator.writeStartObject();
            // Transformers refuses a file that does not say which framework's layout it has.
            generator.writeObjectFieldStart(SafeTensorsHeader.METADATA);
            generator.writeStringField("format", "pt");
            generator.writeEndObject();
            for (TensorInfo tensor : tensors) {
                check(tensor, offset);
                long end = Math.addExact(offset, tensor.byteCount());
                generator.writeObjectFieldStart(tensor.name());
                generator.writeStringField("dtype", tensor.dtype().name());
                writeNumbers(generator, "shape", tensor.shape());
                writeNumbers(generator, "data_offsets", List.of(offset, end));
                generator.writeEndObject();
                offset = end;
            }
            generator.writeEndObject();
        }
        return offset;
    }

    private static void writeNumbers(JsonGenerator generator, String field, List<Long> numbers) throws IOException {
        generator.writeArrayFieldStart(field);
        for (long number : numbers) {
            generator.writeNumber(number);
        }
        generator.writeEndArray();
    }

    private static void check(TensorInfo tensor, long offset) {
        if (!WRITTEN.contains(tensor.dtype())) {
            throw new IllegalArgumentException(
                    subject(tensor) + ": found dtype " + tensor.dtype() + ", expected F32, F16 or BF16");
        }
        if (offset % tensor.dtype().blockBytes() != 0) {
            throw new IllegalArgumentException(subject(tensor) + ": found offset " + offset + " for " + tensor.dtype()
                    + ", expected a multiple of its size; put wider types first");
        }
    }

    /**
     * Appends values to a tensor. Tensors are written in the order of the list, each in any number of calls; values are
     * rounded to the tensor's type, ties to even.
     *
     * @param tensorName the first tensor that is not complete
     * @param values holds the values at {@code [offset, offset + length)}
     * @throws IllegalArgumentException if it is another tensor's turn, or the values are more than it lacks
     * @throws IOException if writing fails; close the writer then
     */
    public void write(String tensorName, float[] values, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, values.length);
        if (current == tensors.size() || !tensors.get(current).name().equals(tensorName)) {
            throw new IllegalArgumentException(file + ": found values for tensor " + quoted(tensorName) + ", expected "
                    + (current == tensors.size() ? "none, all are complete" : subject(tensors.get(current))));
        }
        TensorInfo tensor = tensors.get(current);
        if (length > tensor.elementCount() - written) {
            throw new IllegalArgumentException(file + ": " + subject(tensor) + ": found " + length
                    + " values, expected at most " + (tensor.elementCount() - written));
        }
        int size = tensor.dtype().blockBytes();
        for (int done = 0; done < length; ) {
            int count = Math.min(length - done, buffer.clear().remaining() / size);
            encode(tensor.dtype(), values, offset + done, count);
            drain(buffer.position(0).limit(count * size));
            done += count;
        }
        written += length;
        skipComplete();
    }

    private void encode(DType dtype, float[] values, int offset, int count) {
        switch (dtype) {
            case F32 -> buffer.asFloatBuffer().put(values, offset, count);
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    buffer.putShort(2 * i, HalfPrecision.floatToF16(values[offset + i]));
                }
            }
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    buffer.putShort(2 * i, HalfPrecision.floatToBf16(values[offset + i]));
                }
            }
            default -> throw new AssertionError(dtype + " was let through, but there is no encoder for it");
        }
    }

    private void drain(ByteBuffer bytes) throws IOException {
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            throw new IOException(file + ": cannot write to the temporary file " + temporary + ": " + e, e);
        }
    }

    /** Moves on to the first tensor that lacks values. */
    private void skipComplete() {
        while (current < tensors.size() && written == tensors.get(current).elementCount()) {
            current++;
            written = 0;
        }
    }

    /**
     * Forces the data to the disk and puts the file in its place.
     *
     * @throws IllegalStateException if a tensor lacks values
     * @throws IOException if it fails; the target is then as before
     */
    public void finish() throws IOException {
        if (current < tensors.size()) {
            TensorInfo tensor = tensors.get(current);
            throw new IllegalStateException(file + ": " + subject(tensor) + ": found " + written
                    + " values written, expected " + tensor.elementCount());
        }
        try {
            channel.force(true);
            channel.close();
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new IOException(file + ": cannot put " + temporary + " in its place: " + e, e);
        }
    }

    /** Removes what was written, unless it was finished. */
    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static String subject(TensorInfo tensor) {
        return "tensor " + quoted(tensor.name());
    }
}
