package io.flinkgpt2.weights;

import java.nio.ByteBuffer;

/** Takes the elements of one tensor in pieces, in ascending order. A tensor without elements has no pieces. */
@FunctionalInterface
public interface TensorSink {

    /**
     * Takes the next piece: {@code values[0..length)} are the elements {@code [start, start + length)} of the tensor in
     * row-major order, converted to float32 without a check of their value (NaN and infinities arrive as stored).
     *
     * @param values valid during the call only; the reader fills it again afterwards
     * @param length elements in this piece, 1 or more; may be less than {@code values.length}
     * @param start index of the first element, 0 for the first piece
     */
    void values(float[] values, int length, long start);

    /**
     * Takes the same piece as it is stored, before {@link #values} is called with it. All pieces of a tensor together are
     * its stored elements in row-major order, so this is the place for a checksum.
     *
     * @param raw a little-endian view from position 0 to its limit, not to be written; valid during the call only. It has an
     *     array, which spares a checksum a copy
     */
    default void bytes(ByteBuffer raw) {}
}
