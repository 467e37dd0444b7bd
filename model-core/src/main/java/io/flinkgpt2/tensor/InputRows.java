package io.flinkgpt2.tensor;

/**
 * Input rows of a product, in the layout that the {@link MatrixProduct} which made them reads. Scratch that is packed again
 * for each product; for one thread, but any number may read it between two packings.
 */
public interface InputRows {

    /**
     * Packs other rows in place of those before.
     *
     * @param x {@code rows} rows of {@code inputs} floats
     * @param xStride floats from row to row of {@code x}, at least {@code inputs}
     * @throws IllegalArgumentException if {@code x} is too short for that, or the rows do not fit
     */
    void pack(float[] x, int xStride, int rows, int inputs);

    /** Returns the number of rows, 0 or more. */
    int rows();

    /** Floats of a row. */
    int inputs();

    /** Element {@code input} of a row; for looking into it. */
    float get(int row, int input);
}
