package io.flinkgpt2.model;

import io.flinkgpt2.tensor.Activation;
import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.tensor.PackedMatrix;
import io.flinkgpt2.tensor.PackedRows;

/** Kernels that hand everything on, for a test to replace one of them by a wrong one, or to look at what they do. */
public class DelegatingKernels implements Kernels {

    private final Kernels kernels;

    public DelegatingKernels(Kernels kernels) {
        this.kernels = kernels;
    }

    /** Called before each kernel. */
    protected void enter() {}

    /** Called after each kernel. */
    protected void leave() {}

    @Override
    public String name() {
        return "delegating to " + kernels.name();
    }

    @Override
    public void multiply(
            float[] out, int outStride, PackedRows x, PackedMatrix w, float[] bias, int firstPanel, int endPanel) {
        enter();
        kernels.multiply(out, outStride, x, w, bias, firstPanel, endPanel);
        leave();
    }

    @Override
    public void layerNorm(
            float[] out, float[] x, int stride, int rows, int n, float[] weight, float[] bias, float epsilon) {
        enter();
        kernels.layerNorm(out, x, stride, rows, n, weight, bias, epsilon);
        leave();
    }

    @Override
    public void add(float[] x, int xStride, float[] y, int yStride, int rows, int from, int to) {
        enter();
        kernels.add(x, xStride, y, yStride, rows, from, to);
        leave();
    }

    @Override
    public void activate(Activation activation, float[] x, int stride, int rows, int from, int to, float[] scratch) {
        enter();
        kernels.activate(activation, x, stride, rows, from, to, scratch);
        leave();
    }

    @Override
    public void attentionScores(
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
            float[] scratch) {
        enter();
        kernels.attentionScores(
                scores,
                scoresStride,
                queries,
                queriesOffset,
                keys,
                keysOffset,
                allHeads,
                firstHead,
                heads,
                headSize,
                positions,
                closed,
                scale,
                scratch);
        leave();
    }

    @Override
    public void softmax(float[] x, int offset, int n) {
        enter();
        kernels.softmax(x, offset, n);
        leave();
    }

    @Override
    public void weightedValues(
            float[] out,
            int outOffset,
            float[] weights,
            int weightsStride,
            float[][] values,
            int valuesOffset,
            int rowStride,
            int heads,
            int headSize,
            int positions) {
        enter();
        kernels.weightedValues(
                out, outOffset, weights, weightsStride, values, valuesOffset, rowStride, heads, headSize, positions);
        leave();
    }

    @Override
    public int argMax(float[] x, int offset, int n) {
        enter();
        int best = kernels.argMax(x, offset, n);
        leave();
        return best;
    }

    @Override
    public void exponentials(float[] out, float[] x, int offset, int n, float max, float inverseTemperature) {
        enter();
        kernels.exponentials(out, x, offset, n, max, inverseTemperature);
        leave();
    }
}
