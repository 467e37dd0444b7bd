package io.flinkgpt2.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Streams a {@link StridedTensor} from a file in row-major order: a transposed matrix arrives as its rows. Used once.
 *
 * <p>Holds two pieces of bounded size, whatever the tensor's, and reads every element once. What is copied depends on how the
 * elements lie:
 *
 * <ul>
 *   <li>A tensor that fits a buffer is read whole.
 *   <li>Of a larger transposed matrix several rows are read together: each column of them is a run in the file.
 *   <li>Of any other tensor the runs of the last dimension are read.
 * </ul>
 */
final class StridedStream {
    /** Bytes of a buffer: enough for a run of a kilobyte in each column of the largest GPT-2's matrices. */
    static final int BUFFER_BYTES = 16 << 20;

    /** A longer step than this many elements is not read across, but jumped over. */
    private static final int LONGEST_STEP = 16;

    private final FileChannel channel;
    private final Path file;
    private final StridedTensor tensor;
    private final TensorSink sink;
    private final DType dtype;
    private final int elementBytes;
    private final int bufferElements;
    /** Sizes of the dimensions of more than one element, outermost first. */
    private final long[] sizes;

    private final long[] strides;
    /** Stored bytes of the next piece, in row-major order. */
    private final byte[] piece;

    private final float[] values;
    private int pieceElements;
    private long delivered;

    /** A run of the file. */
    private byte[] run = new byte[0];

    private StridedStream(FileChannel channel, Path file, StridedTensor tensor, int bufferBytes, TensorSink sink) {
        this.channel = channel;
        this.file = file;
        this.tensor = tensor;
        this.sink = sink;
        this.dtype = tensor.info().dtype();
        this.elementBytes = dtype.blockBytes();
        this.bufferElements = Math.max(1, bufferBytes / elementBytes);
        List<Integer> stepped = new ArrayList<>();
        for (int d = 0; d < tensor.stride().size(); d++) {
            if (tensor.info().shape().get(d) > 1) {
                stepped.add(d);
            }
        }
        this.sizes = stepped.stream().mapToLong(tensor.info().shape()::get).toArray();
        this.strides = stepped.stream().mapToLong(tensor.stride()::get).toArray();
        int longestPiece = (int) Math.min(bufferElements, tensor.info().elementCount());
        this.piece = new byte[longestPiece * elementBytes];
        this.values = new float[longestPiece];
    }

    /**
     * Streams a tensor of a type whose elements are whole bytes, of which the file has all.
     *
     * @param bufferBytes most stored bytes of a piece, one element at least
     * @throws InvalidModelException if the type is not readable or the file ends too early
     */
    static void read(FileChannel channel, Path file, StridedTensor tensor, int bufferBytes, TensorSink sink)
            throws IOException {
        TensorStream.requireReadable(file, tensor.info());
        if (tensor.info().elementCount() > 0) {
            new StridedStream(channel, file, tensor, bufferBytes, sink).read();
        }
    }

    private void read() throws IOException {
        if (tensor.span() <= bufferElements) {
            readRun(0, (int) tensor.span());
            gather(0, 0);
        } else if (sizes.length == 2 && strides[0] < strides[1] && sizes[1] <= bufferElements) {
            readBands();
        } else {
            readRows(0, 0);
        }
        deliver();
    }

    /** Copies all elements of a dimension, and of those below it, from the run, in which they begin at an element. */
    private void gather(int dimension, long from) {
        if (dimension == sizes.length) {
            append((int) from);
            return;
        }
        for (long i = 0; i < sizes[dimension]; i++) {
            gather(dimension + 1, from + i * strides[dimension]);
        }
    }

    /** As many rows at a time as fit a piece: each column of theirs is a run. */
    private void readBands() throws IOException {
        int columns = (int) sizes[1];
        // The step from row to row is read across, so the run is longer than the rows are many.
        long most = Math.min(bufferElements / columns, (bufferElements - 1) / Math.max(1, strides[0]) + 1);
        int band = (int) Math.max(1, Math.min(most, sizes[0]));
        for (long row = 0; row < sizes[0]; row += band) {
            int rows = (int) Math.min(band, sizes[0] - row);
            for (int column = 0; column < columns; column++) {
                readRun(row * strides[0] + column * strides[1], (int) ((rows - 1) * strides[0] + 1));
                for (int i = 0; i < rows; i++) {
                    copy((int) (i * strides[0]), i * columns + column);
                }
            }
            pieceElements = rows * columns;
            deliver();
        }
    }

    private void readRows(int dimension, long from) throws IOException {
        if (dimension < sizes.length - 1) {
            for (long i = 0; i < sizes[dimension]; i++) {
                readRows(dimension + 1, from + i * strides[dimension]);
            }
            return;
        }
        long stride = strides[dimension];
        long longest = stride > LONGEST_STEP ? 1 : (bufferElements - 1) / Math.max(1, stride) + 1;
        for (long start = 0; start < sizes[dimension]; start += longest) {
            int count = (int) Math.min(longest, sizes[dimension] - start);
            readRun(from + start * stride, (int) ((count - 1) * stride + 1));
            for (int i = 0; i < count; i++) {
                append((int) (i * stride));
            }
        }
    }

    private void append(int runElement) {
        copy(runElement, pieceElements);
        pieceElements++;
        if (pieceElements == values.length) {
            deliver();
        }
    }

    private void copy(int runElement, int pieceElement) {
        System.arraycopy(run, runElement * elementBytes, piece, pieceElement * elementBytes, elementBytes);
    }

    private void readRun(long element, int elements) throws IOException {
        int bytes = elements * elementBytes;
        if (run.length < bytes) {
            run = new byte[bytes];
        }
        TensorStream.readPiece(channel, file, tensor.info(), run, bytes, tensor.position() + dtype.byteCount(element));
    }

    private void deliver() {
        if (pieceElements == 0) {
            return;
        }
        sink.bytes(ByteBuffer.wrap(piece, 0, pieceElements * elementBytes).order(ByteOrder.LITTLE_ENDIAN));
        TensorStream.decode(dtype, piece, pieceElements, values);
        sink.values(values, pieceElements, delivered);
        delivered += pieceElements;
        pieceElements = 0;
    }
}
