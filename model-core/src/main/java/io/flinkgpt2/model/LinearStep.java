package io.flinkgpt2.model;

import io.flinkgpt2.model.Gpt2Weights.Linear;
import io.flinkgpt2.tensor.Activation;
import io.flinkgpt2.tensor.Epilogue;
import io.flinkgpt2.tensor.InputRows;
import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.tensor.MatrixProduct;
import io.flinkgpt2.tensor.PackedMatrix;
import io.flinkgpt2.tensor.Workers;

/**
 * A linear layer and what follows it: product and bias, then the activation or the residual. Threads take panels of their
 * own. Set and run again for each layer.
 */
final class LinearStep implements Workers.Task {

    private final MatrixProduct product;
    /** The input rows, which threads share. */
    private final InputRows x;
    /** One for each thread. */
    private final Epilogue[] epilogues;

    private float[] out;
    private int outStride;
    private PackedMatrix weight;

    /**
     * @param capacity the most floats of input, rows times inputs
     * @param threads the most parts of a run
     */
    LinearStep(Kernels kernels, int capacity, int threads) {
        this.product = kernels.product();
        this.x = product.rows(capacity);
        this.epilogues = new Epilogue[threads];
        for (int i = 0; i < threads; i++) {
            epilogues[i] = new Epilogue(kernels);
        }
    }

    /**
     * {@code out [rows, outputs] = input [rows, inputs] * weight + bias}; without what followed the last one. The input is
     * packed at once, and may change afterwards.
     */
    LinearStep of(float[] out, int outStride, float[] input, int inputStride, int rows, Linear linear) {
        return of(out, outStride, input, inputStride, rows, linear.weight(), linear.bias());
    }

    /** {@code out [rows, outputs] = input [rows, inputs] * weight}. */
    LinearStep of(
            float[] out,
            int outStride,
            float[] input,
            int inputStride,
            int rows,
            PackedMatrix weight,
            float[] biasOrNull) {
        this.out = out;
        this.outStride = outStride;
        this.x.pack(input, inputStride, rows, weight.inputs());
        this.weight = weight;
        for (Epilogue epilogue : epilogues) {
            epilogue.of(biasOrNull);
        }
        return this;
    }

    /** Then {@code out = activation(out)}. */
    LinearStep activated(Activation function) {
        for (Epilogue epilogue : epilogues) {
            epilogue.activated(function);
        }
        return this;
    }

    /** Then {@code residual += out}. */
    LinearStep addedTo(float[] target, int stride) {
        for (Epilogue epilogue : epilogues) {
            epilogue.addedTo(target, stride);
        }
        return this;
    }

    @Override
    public void run(int part, int parts) {
        long panels = weight.panelCount();
        product.multiply(out, outStride, x, weight, epilogues[part], (int) (panels * part / parts), (int)
                (panels * (part + 1) / parts));
    }
}
