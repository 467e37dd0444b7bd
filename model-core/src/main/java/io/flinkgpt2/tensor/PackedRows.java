package io.flinkgpt2.tensor;

import java.util.Objects;

/**
 * Input rows as a product reads them: interleaved in groups, so that all that is multiplied with one weight lies together, and
 * a tile of twelve rows is one stream of reads, not twelve.
 *
 * <p>There are as many groups of twelve rows as there can be, then one of eight or four if as many are left, then the rest.
 * A group is {@code inputs} consecutive runs of one float for each of its rows, and follows on the one before.
 */
final class PackedRows implements InputRows {

    /** Rows that are copied side by side. */
    private static final int QUAD = 4;

    private final float[] values;
    private int rows;
    private int inputs;

    /** @param capacity the most floats that are packed at once, rows times inputs */
    PackedRows(int capacity) {
        this.values = new float[capacity];
    }

    /** {@code rows} rows of {@code inputs} floats, {@code xStride} apart, in scratch of their own. */
    static PackedRows of(float[] x, int xStride, int rows, int inputs) {
        PackedRows packed = new PackedRows(Math.multiplyExact(rows, inputs));
        packed.pack(x, xStride, rows, inputs);
        return packed;
    }

    /** Returns the number of rows of the group that begins where {@code left} rows, 1 or more, are left. */
    static int groupWidth(int left) {
        if (left >= 12) {
            return 12;
        }
        if (left >= 8) {
            return 8;
        }
        return Math.min(left, 4);
    }

    @Override
    public void pack(float[] x, int xStride, int rows, int inputs) {
        if (xStride < inputs) {
            throw new IllegalArgumentException(
                    "xStride is " + xStride + ", expected at least the " + inputs + " inputs");
        }
        Shapes.checkRows("x", x, xStride, rows, inputs);
        Shapes.checkRows("packed rows", values, inputs, rows, inputs);
        this.rows = rows;
        this.inputs = inputs;
        int width;
        for (int r = 0; r < rows; r += width) {
            width = groupWidth(rows - r);
            int k = 0;
            for (; k + QUAD <= width; k += QUAD) {
                packQuad(x, (r + k) * xStride, xStride, r * inputs + k, width);
            }
            for (; k < width; k++) {
                int from = (r + k) * xStride;
                int to = r * inputs + k;
                for (int i = 0; i < inputs; i++) {
                    values[to + i * width] = x[from + i];
                }
            }
        }
    }

    private void packQuad(float[] x, int row, int xStride, int to, int width) {
        int row1 = row + xStride;
        int row2 = row1 + xStride;
        int row3 = row2 + xStride;
        for (int i = 0; i < inputs; i++) {
            values[to] = x[row + i];
            values[to + 1] = x[row1 + i];
            values[to + 2] = x[row2 + i];
            values[to + 3] = x[row3 + i];
            to += width;
        }
    }

    @Override
    public int rows() {
        return rows;
    }

    @Override
    public int inputs() {
        return inputs;
    }

    @Override
    public float get(int row, int input) {
        Objects.checkIndex(row, rows);
        Objects.checkIndex(input, inputs);
        int first = 0;
        int width = groupWidth(rows);
        while (row >= first + width) {
            first += width;
            width = groupWidth(rows - first);
        }
        return values[first * inputs + input * width + row - first];
    }

    /** Returns the packed floats; for kernels, which only read them. */
    float[] values() {
        return values;
    }
}
