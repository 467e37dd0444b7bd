package io.flinkgpt2.tensor;

/**
 * The numerical kernels of a forward pass, over float32 arrays owned by the caller.
 *
 * <p>Every implementation gives the same bits. What makes that possible is part of the contract of each kernel:
 *
 * <ul>
 *   <li>a {@linkplain MatrixProduct product} sums over its inputs in ascending order and then adds the bias;
 *   <li>a sum over a vector is <em>striped</em>: sixteen partial sums, partial sum {@code j} over the elements
 *       {@code j, j + 16, j + 32, …} in ascending order, folded as {@code j + (j + 8)}, then 4, 2 and 1 apart;
 *   <li>the weighted values of a sequence are added up starting from 0, one fused multiply-add each, by two blocks of
 *       positions in turn: 0, 64, 1, 65, …, 63, 127, 128, 192, 129, …;
 *   <li>exp, and what is built on it, is the one polynomial of {@link FloatMath}.
 * </ul>
 *
 * <p>So no result depends on the vector width, on how many rows are computed together, or on the machine. Outputs come
 * first, rows lie {@code stride} floats apart, sizes are in floats. Implementations hold no state and may be shared by
 * threads. No kernel allocates anything of its own.
 */
public interface Kernels {

    /**
     * The kernels for this machine: {@link VectorKernels} where the JVM has the vector module and the hardware what it
     * takes, else {@link ScalarKernels} after one warning that says what to add.
     */
    static Kernels best() {
        return BestKernels.INSTANCE;
    }

    /** {@code "scalar"}, or {@code "vector-512"} with the width in bits. */
    String name();

    /** The matrix product that goes with these kernels. */
    MatrixProduct product();

    /**
     * Layer normalisation of each row: {@code (x - mean) / sqrt(variance + epsilon) * weight + bias}, with the biased
     * variance (Ba et al., 2016; the variance divided by {@code n}).
     *
     * @param n floats of a row that take part
     */
    void layerNorm(float[] out, float[] x, int stride, int rows, int n, float[] weight, float[] bias, float epsilon);

    /** Residual: {@code x[r, i] += y[r, i]} for {@code from <= i < to}. */
    void add(float[] x, int xStride, float[] y, int yStride, int rows, int from, int to);

    /**
     * Applies an activation function to the columns {@code [from, to)} of each row, in place.
     *
     * @param scratch {@code to - from} floats or more, overwritten
     */
    void activate(Activation activation, float[] x, int stride, int rows, int from, int to, float[] scratch);

    /** Positions of one block of keys or values. */
    int BLOCK_POSITIONS = 64;

    /**
     * Positions whose keys lie together within a block: a whole number of vectors of every width, and a line of the caches
     * for each element. A block that is not full yet is read from its beginning on, without gaps.
     */
    int KEY_STRIPE = 16;

    /**
     * Attention scores of one row against the keys of a sequence, for some heads:
     * {@code scores[h, j] = scale * sum over d of queries[h, d] * key(h, j)[d]}, d ascending.
     *
     * <p>A block of {@value #BLOCK_POSITIONS} positions consists of stripes of {@value #KEY_STRIPE}. A <em>closed</em> stripe is
     * transposed, {@code [allHeads][headSize][}{@value #KEY_STRIPE}{@code ]}, so that neighbouring positions are neighbouring
     * lanes. The last stripe of a sequence may be <em>open</em>: its positions lie in rows, {@code [headSize][allHeads]} each, so
     * that a few positions are a few lines of memory, and the heads are neighbouring lanes.
     *
     * @param scores {@code heads} rows, {@code scoresStride} floats apart; of each, those of {@code positions} rounded up to
     *     a multiple of 16 may be written
     * @param queries {@code heads x headSize} floats from {@code queriesOffset}
     * @param keys blocks; up to 15 floats behind the last row may be read
     * @param keysOffset where the first stripe begins in each block
     * @param allHeads heads of a stripe
     * @param firstHead the first of those that take part, from 0
     * @param heads those that take part
     * @param positions number of keys that take part, 1 or more
     * @param closed the first position that does not lie in a closed stripe: a multiple of 16, less than 16 before
     *     {@code positions}; or {@code positions} or more
     * @param scratch {@link #scoresScratch} floats or more, overwritten
     */
    void attentionScores(
            float[] scores,
            int scoresStride,
            float[] queries,
            int queriesOffset,
            float[][] keys,
            int keysOffset,
            int allHeads,
            int firstHead,
            int heads,
            int headSize,
            int positions,
            int closed,
            float scale,
            float[] scratch);

    /** Floats of scratch that {@link #attentionScores} needs for so many heads. */
    static int scoresScratch(int heads, int headSize) {
        return Shapes.wholeStripes(heads) * headSize + 4 * KEY_STRIPE;
    }

    /**
     * Softmax of {@code x[offset, offset + n)} in place.
     *
     * @param x also has the floats past the {@code n} up to the next multiple of 16, which become 0
     * @param n 1 or more
     */
    void softmax(float[] x, int offset, int n);

    /**
     * The weighted sum of the values of a sequence, for some heads:
     * {@code out[h, d] = sum over j of weights[h, j] * values[j / 64][j % 64, h, d]}, by two
     * blocks in turn.
     *
     * @param out {@code heads x headSize} floats from {@code outOffset}
     * @param weights {@code heads} rows, {@code weightsStride} floats apart
     * @param values blocks of {@value #BLOCK_POSITIONS} positions, each a row with the values of all heads
     * @param valuesOffset where those of the first head that takes part begin in the first row of each block
     * @param rowStride floats from row to row, {@code heads x headSize} or more
     * @param positions number of values that take part, 1 or more
     */
    void weightedValues(
            float[] out,
            int outOffset,
            float[] weights,
            int weightsStride,
            float[][] values,
            int valuesOffset,
            int rowStride,
            int heads,
            int headSize,
            int positions);

    /**
     * Index, from 0, of the largest of {@code x[offset, offset + n)}; of equal ones the lowest.
     *
     * @return the index, or -1 if there is a NaN among them
     */
    int argMax(float[] x, int offset, int n);

    /**
     * Unnormalised softmax: {@code out[i] = exp((x[offset + i] - max) * inverseTemperature)} for {@code i < n}.
     *
     * @param max the largest of the {@code x}
     */
    void exponentials(float[] out, float[] x, int offset, int n, float max, float inverseTemperature);
}
