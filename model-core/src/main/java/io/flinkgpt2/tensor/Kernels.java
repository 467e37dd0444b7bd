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
 * first, rows lie {@code stride} floats apart, sizes are in floats. Implementations hold no state that a result
 * depends on and may be shared by threads. No kernel allocates anything of its own.
 */
public interface Kernels {

    /**
     * Returns the kernels for this machine: {@link VectorKernels} where the JVM has the vector module and the hardware what it
     * takes, else {@link ScalarKernels} after one warning that says what to add; it goes to standard error where no logging is
     * bound to SLF4J.
     */
    static Kernels best() {
        return BestKernels.INSTANCE;
    }

    /**
     * Returns the kernels for this machine for a process that has just started and may end soon: where {@link #best()} are those on
     * vectors, it uses scalar ones until there is work enough that compiling the others pays, and they are compiled. For one
     * model; a process that runs for long, or whose speed is measured, is better off with {@link #best()}.
     */
    static Kernels warmingUp() {
        return BestKernels.warmingUp();
    }

    /** Returns the kernels for this machine, as {@link #best()}, with another product. */
    static Kernels best(MatrixProduct product) {
        return BestKernels.with(product);
    }

    /** Returns the kernels as plain loops, which every other one must equal bit for bit. */
    static Kernels reference() {
        return new ScalarKernels();
    }

    /** {@code "scalar"}, or {@code "vector-512"} with the width in bits. */
    String name();

    /** Returns the matrix product that goes with these kernels. */
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

    /**
     * Attention scores of one row against the keys of a sequence, for some heads:
     * {@code scores[h, j] = scale * sum over d of queries[h, d] * key(firstHead + h, j)[d]}, d ascending.
     *
     * @param scores {@code heads} rows, {@code scoresStride} floats apart; of each, those of the positions rounded up to a
     *     multiple of 16 may be written
     * @param queries {@code heads x headSize} floats from {@code queriesOffset}
     * @param firstHead the first of the heads that take part, from 0
     * @param heads those that take part
     * @param scratch {@link #scoresScratch} floats or more, overwritten
     */
    void attentionScores(
            float[] scores,
            int scoresStride,
            float[] queries,
            int queriesOffset,
            KvView kv,
            int firstHead,
            int heads,
            float scale,
            float[] scratch);

    /** Floats of scratch that {@link #attentionScores} needs for so many heads. */
    static int scoresScratch(int heads, int headSize) {
        return Shapes.wholeStripes(heads) * headSize + 4 * KvView.KEY_STRIPE;
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
     * {@code out[h, d] = sum over j of weights[h, j] * value(firstHead + h, j)[d]}, by two blocks in turn.
     *
     * @param out {@code heads x headSize} floats from {@code outOffset}
     * @param weights {@code heads} rows, {@code weightsStride} floats apart
     * @param firstHead the first of the heads that take part, from 0
     * @param heads those that take part
     */
    void weightedValues(
            float[] out, int outOffset, float[] weights, int weightsStride, KvView kv, int firstHead, int heads);

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
