package io.flinkgpt2.model;

import io.flinkgpt2.model.Gpt2Weights.Linear;
import io.flinkgpt2.tensor.Activation;
import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.tensor.PackedMatrix;
import io.flinkgpt2.tensor.PackedRows;
import io.flinkgpt2.tensor.Workers;

/**
 * A linear layer and what follows it, a few panels of columns at a time: product and bias, then the activation or the
 * residual while the columns are in the cache. Threads take panels of their own. Set and run again for each layer.
 */
final class LinearStep implements Workers.Task {

    /** Panels between two looks at their columns; 32 rows of them fit the second level of any cache. */
    private static final int TOGETHER = 16;

    /** The input rows, which threads share. */
    private final PackedRows x;

    private final float[][] scratch;

    private Kernels kernels;
    private float[] out;
    private int outStride;
    private PackedMatrix weight;
    private float[] bias;
    private Activation activation;
    private float[] residual;
    private int residualStride;

    /**
     * @param capacity the most floats of input, rows times inputs
     * @param threads the most parts of a run
     */
    LinearStep(int capacity, int threads) {
        this.x = new PackedRows(capacity);
        this.scratch = new float[threads][TOGETHER * PackedMatrix.PANEL_WIDTH];
    }

    /**
     * {@code out [rows, outputs] = input [rows, inputs] * weight + bias}; without what followed the last one. The input is
     * packed at once, and may change afterwards.
     */
    LinearStep of(
            Kernels kernels, float[] out, int outStride, float[] input, int inputStride, int rows, Linear linear) {
        return of(kernels, out, outStride, input, inputStride, rows, linear.weight(), linear.bias());
    }

    /** {@code out [rows, outputs] = input [rows, inputs] * weight}. */
    LinearStep of(
            Kernels kernels,
            float[] out,
            int outStride,
            float[] input,
            int inputStride,
            int rows,
            PackedMatrix weight,
            float[] biasOrNull) {
        this.kernels = kernels;
        this.out = out;
        this.outStride = outStride;
        this.x.pack(input, inputStride, rows, weight.inputs());
        this.weight = weight;
        this.bias = biasOrNull;
        this.activation = null;
        this.residual = null;
        return this;
    }

    /** Then {@code out = activation(out)}. */
    LinearStep activated(Activation function) {
        this.activation = function;
        return this;
    }

    /** Then {@code residual += out}. */
    LinearStep addedTo(float[] target, int stride) {
        this.residual = target;
        this.residualStride = stride;
        return this;
    }

    @Override
    public void run(int part, int parts) {
        int panels = weight.panelCount();
        int end = (int) ((long) panels * (part + 1) / parts);
        for (int p = (int) ((long) panels * part / parts); p < end; p += TOGETHER) {
            int next = Math.min(p + TOGETHER, end);
            kernels.multiply(out, outStride, x, weight, bias, p, next);
            int from = p * PackedMatrix.PANEL_WIDTH;
            int to = Math.min(next * PackedMatrix.PANEL_WIDTH, weight.outputs());
            if (activation != null) {
                kernels.activate(activation, out, outStride, x.rows(), from, to, scratch[part]);
            }
            if (residual != null) {
                kernels.add(residual, residualStride, out, outStride, x.rows(), from, to);
            }
        }
    }
}
