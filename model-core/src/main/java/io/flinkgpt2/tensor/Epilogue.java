package io.flinkgpt2.tensor;

/**
 * The steps after the sums of a product: the bias, then an activation function or a residual sum. A product applies them to a
 * few columns at a time, while those are in the cache. Owned by one thread, and set anew for each product.
 */
public final class Epilogue {

    /** The most columns of one {@link #apply}: 32 rows of them fit the second level of any cache. */
    static final int MAX_COLUMNS = 16 * PackedMatrix.PANEL_WIDTH;

    private final Kernels kernels;
    private final float[] scratch = new float[MAX_COLUMNS];

    private float[] bias;
    private Activation activation;
    private float[] residual;
    private int residualStride;

    /** @param kernels that compute the activation function and the residual sum */
    public Epilogue(Kernels kernels) {
        this.kernels = kernels;
    }

    /**
     * Begins anew: {@code out += bias}, and nothing else.
     *
     * @param biasOrNull {@code padded(outputs)} floats, or null for none
     */
    public Epilogue of(float[] biasOrNull) {
        bias = biasOrNull;
        activation = null;
        residual = null;
        return this;
    }

    /** Then {@code out = function(out)}. */
    public Epilogue activated(Activation function) {
        activation = function;
        return this;
    }

    /** Then {@code target += out}, whose rows lie {@code stride} floats apart. */
    public Epilogue addedTo(float[] target, int stride) {
        residual = target;
        residualStride = stride;
        return this;
    }

    /** Returns the bias, which the product itself adds, for with int8 weights it shares a rounding; or null. */
    float[] bias() {
        return bias;
    }

    /**
     * Does what follows the bias, for the columns {@code [from, to)}.
     *
     * @param to at most {@value #MAX_COLUMNS} past {@code from}
     */
    void apply(float[] out, int outStride, int rows, int from, int to) {
        if (activation != null) {
            kernels.activate(activation, out, outStride, rows, from, to, scratch);
        }
        if (residual != null) {
            kernels.add(residual, residualStride, out, outStride, rows, from, to);
        }
    }
}
