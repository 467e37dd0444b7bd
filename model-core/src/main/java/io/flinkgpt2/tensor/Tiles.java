package io.flinkgpt2.tensor;

import static io.flinkgpt2.tensor.VectorKernels.LANES;

/**
 * The sums of a matrix product with weights of one precision: tiles of rows by columns that stay in registers over all
 * inputs, and the order in which they cover a product.
 *
 * <p>A tile takes two vectors of columns, which is a panel where vectors have 16 lanes, and up to twelve rows: 24
 * accumulators, 2 weights and an input in the 32 registers of such a machine, and 128 bytes of weights for 24 multiply-adds, so
 * that weights which come from memory come fast enough. Others may have 16 registers and take four rows. Where there are too
 * few rows to keep the arithmetic busy, memory is the limit, and several panels are read side by side, for that brings more
 * from it than one after the other.
 *
 * <p>A micro-kernel keeps its accumulators in locals of one method, loads and stores included: a vector that crosses a call
 * that is not inlined is boxed, which costs a factor of ten. After its loop it does nothing but store: with the bias added
 * there too, HotSpot spilled an accumulator inside the loop, and the speed halved. It reads its rows as one stream
 * ({@link PackedRows}): an address for each of twelve rows is more than there are registers, and with an address for each four
 * it took 10 % longer, for so many streams are more than the processor fetches ahead.
 *
 * @param <A> the array of the weights
 */
abstract class Tiles<A> {

    static final int PANEL = PackedMatrix.PANEL_WIDTH;

    /** Panels that {@link #multiply} covers at once: few enough for the second level of the caches. */
    static final int TOGETHER = 4;

    /** Returns the panels of a matrix of this precision. */
    abstract A panels(PackedMatrix w);

    /**
     * The sums of the panels {@code [firstPanel, endPanel)}, without scale and bias.
     *
     * @param endPanel at most {@value #TOGETHER} past the first
     */
    final void multiply(float[] out, int outStride, PackedRows x, PackedMatrix w, int firstPanel, int endPanel) {
        A panels = panels(w);
        int rows = x.rows();
        int fullRows = rows / 4 * 4;
        int p = firstPanel;
        if (LANES == 16 && fullRows == 4) {
            int size = w.inputs() * PANEL;
            for (; p + 2 <= endPanel; p += 2) {
                tile4x4(out, p * PANEL, outStride, x.values(), 0, 4, panels, p * size, size, w.inputs());
            }
        }
        for (; p < endPanel; p++) {
            if (LANES == 16) {
                wide(out, outStride, x, fullRows, panels, p);
            } else {
                narrow(out, outStride, x, fullRows, panels, p);
            }
        }
        if (fullRows < rows) {
            rest(out, outStride, x, fullRows, panels, firstPanel, endPanel);
        }
    }

    /** The groups of four rows and more, two vectors being a panel. */
    private void wide(float[] out, int outStride, PackedRows x, int fullRows, A w, int panel) {
        int inputs = x.inputs();
        int from = panel * inputs * PANEL;
        int width;
        for (int r = 0; r < fullRows; r += width) {
            width = PackedRows.groupWidth(fullRows - r);
            int to = r * outStride + panel * PANEL;
            int row = r * inputs;
            switch (width) {
                case 12 -> tile12x2(out, to, outStride, x.values(), row, w, from, inputs);
                case 8 -> tile8x2(out, to, outStride, x.values(), row, w, from, inputs);
                default -> tile4x2(out, to, outStride, x.values(), row, width, w, from, inputs);
            }
        }
    }

    /** The same where a panel is more than two vectors. */
    private void narrow(float[] out, int outStride, PackedRows x, int fullRows, A w, int panel) {
        int inputs = x.inputs();
        for (int c = 0; c < PANEL; c += 2 * LANES) {
            int from = panel * inputs * PANEL + c;
            int width;
            for (int r = 0; r < fullRows; r += width) {
                width = PackedRows.groupWidth(fullRows - r);
                for (int k = 0; k < width; k += 4) {
                    int to = (r + k) * outStride + panel * PANEL + c;
                    tile4x2(out, to, outStride, x.values(), r * inputs + k, width, w, from, inputs);
                }
            }
        }
    }

    /** The last one to three rows, from {@code first} on. */
    private void rest(float[] out, int outStride, PackedRows x, int first, A w, int firstPanel, int endPanel) {
        int inputs = x.inputs();
        int size = inputs * PANEL;
        int width = x.rows() - first;
        int pair = width >= 2 ? 2 : 0;
        int row = first * inputs;
        int p = firstPanel;
        if (LANES == 16) {
            for (; p + 4 <= endPanel; p += 4) {
                int to = first * outStride + p * PANEL;
                int from = p * size;
                if (pair == 2) {
                    tile2x8(out, to, outStride, x.values(), row, width, w, from, size, inputs);
                }
                if (pair < width) {
                    tile1x8(out, to + pair * outStride, x.values(), row + pair, width, w, from, size, inputs);
                }
            }
        }
        for (int c = p * PANEL; c < endPanel * PANEL; c += 2 * LANES) {
            int to = first * outStride + c;
            int from = c / PANEL * size + c % PANEL;
            if (pair == 2) {
                tile2x2(out, to, outStride, x.values(), row, width, w, from, inputs);
            }
            if (pair < width) {
                tile1x2(out, to + pair * outStride, x.values(), row + pair, width, w, from, inputs);
            }
        }
    }

    /**
     * Twelve rows, a group, by two vectors.
     *
     * @param to where the sums of the first row go; the others follow {@code outStride} apart
     * @param row where the packed rows of the group begin in {@code x}
     * @param from where the weights of the first input begin; those of each next one are a panel's width further on
     */
    abstract void tile12x2(float[] out, int to, int outStride, float[] x, int row, A w, int from, int inputs);

    /** Eight rows, a group, by two vectors; arguments as for {@link #tile12x2}. */
    abstract void tile8x2(float[] out, int to, int outStride, float[] x, int row, A w, int from, int inputs);

    /**
     * Four rows of a group by two vectors; arguments as for {@link #tile12x2}.
     *
     * @param row where the first of the rows begins in {@code x}
     * @param width rows of the group
     */
    abstract void tile4x2(float[] out, int to, int outStride, float[] x, int row, int width, A w, int from, int inputs);

    /** Two rows of a group by two vectors; arguments as for {@link #tile4x2}. */
    abstract void tile2x2(float[] out, int to, int outStride, float[] x, int row, int width, A w, int from, int inputs);

    /** One row of a group by two vectors; arguments as for {@link #tile4x2}. */
    abstract void tile1x2(float[] out, int to, float[] x, int row, int width, A w, int from, int inputs);

    /**
     * Four rows of a group by two vectors of each of two panels; arguments as for {@link #tile4x2}.
     *
     * @param size elements from panel to panel
     */
    abstract void tile4x4(
            float[] out, int to, int outStride, float[] x, int row, int width, A w, int from, int size, int inputs);

    /** Two rows of a group by two vectors of each of four panels; arguments as for {@link #tile4x4}. */
    abstract void tile2x8(
            float[] out, int to, int outStride, float[] x, int row, int width, A w, int from, int size, int inputs);

    /** One row of a group by two vectors of each of four panels; arguments as for {@link #tile4x4}. */
    abstract void tile1x8(float[] out, int to, float[] x, int row, int width, A w, int from, int size, int inputs);
}
