package io.flinkgpt2.model;

import io.flinkgpt2.tensor.Activation;
import io.flinkgpt2.tensor.Epilogue;
import io.flinkgpt2.tensor.InputRows;
import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.tensor.KvView;
import io.flinkgpt2.tensor.MatrixProduct;
import io.flinkgpt2.tensor.PackedMatrix;

/** Kernels that hand everything on, for a test to replace one of them by a wrong one, or to look at what they do. */
public class DelegatingKernels implements Kernels {

    private final Kernels kernels;
    private final MatrixProduct product;
    /** Kernels that have begun and not ended. */
    private int depth;

    public DelegatingKernels(Kernels kernels) {
        this.kernels = kernels;
        this.product = new DelegatingProduct(kernels.product()) {
            @Override
            public void multiply(
                    float[] out,
                    int outStride,
                    InputRows x,
                    PackedMatrix w,
                    Epilogue epilogue,
                    int firstPanel,
                    int endPanel) {
                DelegatingKernels.this.multiply(out, outStride, x, w, epilogue, firstPanel, endPanel);
            }
        };
    }

    /** Called before each kernel, but not before those that one calls itself: the epilogue of a product. */
    protected void enter() {}

    /** Called after each kernel, as {@link #enter}. */
    protected void leave() {}

    private void begin() {
        if (depth++ == 0) {
            enter();
        }
    }

    private void end() {
        if (--depth == 0) {
            leave();
        }
    }

    @Override
    public String name() {
        return "delegating to " + kernels.name();
    }

    @Override
    public MatrixProduct product() {
        return product;
    }

    /** {@link MatrixProduct#multiply(float[], int, InputRows, PackedMatrix, Epilogue, int, int)} of the product. */
    protected void multiply(
            float[] out, int outStride, InputRows x, PackedMatrix w, Epilogue epilogue, int firstPanel, int endPanel) {
        begin();
        kernels.product().multiply(out, outStride, x, w, epilogue, firstPanel, endPanel);
        end();
    }

    @Override
    public void layerNorm(
            float[] out, float[] x, int stride, int rows, int n, float[] weight, float[] bias, float epsilon) {
        begin();
        kernels.layerNorm(out, x, stride, rows, n, weight, bias, epsilon);
        end();
    }

    @Override
    public void add(float[] x, int xStride, float[] y, int yStride, int rows, int from, int to) {
        begin();
        kernels.add(x, xStride, y, yStride, rows, from, to);
        end();
    }

    @Override
    public void activate(Activation activation, float[] x, int stride, int rows, int from, int to, float[] scratch) {
        begin();
        kernels.activate(activation, x, stride, rows, from, to, scratch);
        end();
    }

    @Override
    public void attentionScores(
            float[] scores,
            int scoresStride,
            float[] queries,
            int queriesOffset,
            KvView kv,
            int firstHead,
            int heads,
            float scale,
            float[] scratch) {
        begin();
        kernels.attentionScores(scores, scoresStride, queries, queriesOffset, kv, firstHead, heads, scale, scratch);
        end();
    }

    @Override
    public void softmax(float[] x, int offset, int n) {
        begin();
        kernels.softmax(x, offset, n);
        end();
    }

    @Override
    public void weightedValues(
            float[] out, int outOffset, float[] weights, int weightsStride, KvView kv, int firstHead, int heads) {
        begin();
        kernels.weightedValues(out, outOffset, weights, weightsStride, kv, firstHead, heads);
        end();
    }

    @Override
    public int argMax(float[] x, int offset, int n) {
        begin();
        int best = kernels.argMax(x, offset, n);
        end();
        return best;
    }

    @Override
    public void exponentials(float[] out, float[] x, int offset, int n, float max, float inverseTemperature) {
        begin();
        kernels.exponentials(out, x, offset, n, max, inverseTemperature);
        end();
    }
}
