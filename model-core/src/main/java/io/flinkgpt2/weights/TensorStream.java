package io.flinkgpt2.weights;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** Streams contiguous little-endian tensor data from a file, in pieces, as float32. Holds no state between calls. */
final class TensorStream {
    /**
     * Stored bytes of a piece: with the floats made of them, what the second level of a cache holds while a piece is worked on.
     */
    static final int BUFFER_BYTES = 256 << 10;

    /**
     * Most bytes asked of a channel at once. The JDK reads into a heap array by way of a direct buffer of the same size,
     * which it keeps for the thread's life; this keeps that one small.
     */
    private static final int CHANNEL_READ_BYTES = 512 << 10;

    private static final VarHandle SHORTS =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

    private static final VarHandle DOUBLES =
            MethodHandles.byteArrayViewVarHandle(double[].class, ByteOrder.LITTLE_ENDIAN);

    private TensorStream() {}

    /**
     * Streams a tensor whose first byte is at {@code position} of the file.
     *
     * @param bufferBytes most stored bytes of a piece, which has one block at least
     * @throws InvalidModelException if the type is not readable or the file ends too early
     */
    static void read(FileChannel channel, Path file, TensorInfo tensor, long position, int bufferBytes, TensorSink sink)
            throws IOException {
        requireReadable(file, tensor);
        DType dtype = tensor.dtype();
        long elementCount = tensor.elementCount();
        // Whole blocks, and never more elements than there would be of two bytes each: few bits make many floats.
        long blocks = Math.min(bufferBytes / dtype.blockBytes(), bufferBytes / (2 * dtype.blockElements()));
        int pieceElements = (int) Math.min(elementCount, Math.max(1, blocks) * dtype.blockElements());
        byte[] stored = new byte[(int) dtype.byteCount(pieceElements)];
        float[] values = new float[pieceElements];
        for (long start = 0; start < elementCount; start += pieceElements) {
            int length = (int) Math.min(pieceElements, elementCount - start);
            int bytes = (int) dtype.byteCount(length);
            long from = position + dtype.byteCount(start);
            readPiece(channel, file, tensor, stored, bytes, from);
            sink.bytes(ByteBuffer.wrap(stored, 0, bytes).order(ByteOrder.LITTLE_ENDIAN));
            decode(dtype, stored, length, values);
            sink.values(values, length, start);
        }
    }

    /**
     * @throws InvalidModelException if the tensor's type is not {@link DType#isReadable() readable}
     */
    static void requireReadable(Path file, TensorInfo tensor) throws InvalidModelException {
        if (!tensor.dtype().isReadable()) {
            throw new InvalidModelException(
                    file,
                    subject(tensor),
                    "dtype " + tensor.dtype(),
                    "F64, F32, F16 or BF16",
                    "convert the weights to one of these types");
        }
    }

    /**
     * Reads bytes of which the file is known to have enough.
     *
     * @param from position of the first in the file
     * @throws InvalidModelException if the file has become shorter
     */
    static void readPiece(FileChannel channel, Path file, TensorInfo tensor, byte[] stored, int bytes, long from)
            throws IOException {
        int count;
        try {
            count = readFully(channel, stored, bytes, from);
        } catch (IOException e) {
            throw new IOException(
                    file + ": " + subject(tensor) + ": cannot read bytes " + from + " to " + (from + bytes) + ": " + e,
                    e);
        }
        if (count < bytes) {
            throw new InvalidModelException(
                    file,
                    subject(tensor),
                    "the file's end at byte " + (from + count),
                    "at least " + (from + bytes) + " bytes, as when the file was opened",
                    "do not change a model's files while they are loaded, and load them again");
        }
    }

    /** Reads until {@code length} bytes are there or the file ends; returns the number of bytes read. */
    static int readFully(FileChannel channel, byte[] target, int length, long position) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(target, 0, length);
        while (buffer.position() < length) {
            buffer.limit(Math.min(length, buffer.position() + CHANNEL_READ_BYTES));
            if (channel.read(buffer, position + buffer.position()) < 0) {
                break;
            }
        }
        return buffer.position();
    }

    /** Makes floats of the first {@code length} elements that are stored. */
    static void decode(DType dtype, byte[] stored, int length, float[] values) {
        switch (dtype) {
            case F32 ->
                ByteBuffer.wrap(stored)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .asFloatBuffer()
                        .get(values, 0, length);
            case F64 -> decodeF64(stored, length, values);
            case F16 -> decodeF16(stored, length, values);
            case BF16 -> decodeBf16(stored, length, values);
            case Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, IQ4_NL -> SimpleBlocks.decode(dtype, stored, length, values);
            case Q2_K, Q3_K, Q4_K, Q5_K, Q6_K -> SuperBlocks.decode(dtype, stored, length, values);
            default -> throw new AssertionError(dtype + " is called readable, but there is no decoder for it");
        }
    }

    private static void decodeF64(byte[] stored, int length, float[] values) {
        for (int i = 0; i < length; i++) {
            values[i] = (float) (double) DOUBLES.get(stored, Double.BYTES * i);
        }
    }

    private static void decodeF16(byte[] stored, int length, float[] values) {
        for (int i = 0; i < length; i++) {
            values[i] = HalfPrecision.f16ToFloat((short) SHORTS.get(stored, 2 * i));
        }
    }

    private static void decodeBf16(byte[] stored, int length, float[] values) {
        for (int i = 0; i < length; i++) {
            values[i] = HalfPrecision.bf16ToFloat((short) SHORTS.get(stored, 2 * i));
        }
    }

    private static String subject(TensorInfo tensor) {
        return "tensor " + InvalidModelException.quoted(tensor.name());
    }
}
