package io.flinkgpt2.tensor;

/**
 * The product of rows with a matrix of weights, and what follows it:
 * {@code out[r, o] = epilogue((sum over i of x[r, i] * w[i, o]) + bias[o])}.
 *
 * <p>An implementation packs weights and rows as it reads them, and takes part only with what it packed itself. All give the
 * same bits, for this is part of the contract:
 *
 * <ul>
 *   <li>a product sums over its inputs in ascending order, one fused multiply-add each, starting from 0, and then adds the
 *       bias; the elements of {@code w} take part as the float32 values that they stand for;
 *   <li>with {@link Precision#INT8} the sum runs over the integers and is multiplied by the column's scale in the end, in
 *       one rounding with the bias.
 * </ul>
 *
 * <p>So no result depends on how many rows are computed together, or on the machine. Implementations hold no state that
 * changes and may be shared by threads, which may compute panels of one product at the same time, each with an epilogue of
 * its own. Nothing but {@link #pack} and {@link #rows} allocates.
 */
public interface MatrixProduct {

    /**
     * Stores weights as this product reads them.
     *
     * @param weights filled; may become a part of the result, and must not change any more
     */
    PackedMatrix pack(Float32Matrix weights, Precision precision);

    /**
     * Makes scratch for input rows, as this product reads them.
     *
     * @param capacity the most floats that are packed at once, rows times inputs
     */
    InputRows rows(int capacity);

    /**
     * Computes some panels of a product and what follows it.
     *
     * @param out receives, of each row of {@code x}, the {@value PackedMatrix#PANEL_WIDTH} floats of each panel; those past
     *     {@code w.outputs()} are overwritten with values that mean nothing
     * @param outStride floats from row to row of {@code out}, at least {@code PackedMatrix.padded(w.outputs())}
     * @param x 0 or more rows of {@code w.inputs()} floats
     * @param firstPanel the first panel that is computed, from 0
     * @param endPanel the panel to stop before, at most {@code w.panelCount()}
     * @throws IllegalArgumentException if an array is too short for the sizes given, the rows have another number of inputs, or
     *     rows or weights were packed by another product
     * @throws IndexOutOfBoundsException if there are no such panels
     */
    void multiply(
            float[] out, int outStride, InputRows x, PackedMatrix w, Epilogue epilogue, int firstPanel, int endPanel);

    /** Computes all panels of a product, as {@link #multiply(float[], int, InputRows, PackedMatrix, Epilogue, int, int)}. */
    default void multiply(float[] out, int outStride, InputRows x, PackedMatrix w, Epilogue epilogue) {
        multiply(out, outStride, x, w, epilogue, 0, w.panelCount());
    }
}
