package io.flinkgpt2.generation;

import io.flinkgpt2.model.DelegatingKernels;
import io.flinkgpt2.tensor.Epilogue;
import io.flinkgpt2.tensor.InputRows;
import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.tensor.KvView;
import io.flinkgpt2.tensor.KvViews;
import io.flinkgpt2.tensor.PackedMatrix;
import java.util.Arrays;
import java.util.function.Supplier;

/**
 * Kernels of which one throws for rows that no numbers come out of, or once when the test says so; not without leaving
 * rubbish in what it was to fill.
 */
final class FailingKernels extends DelegatingKernels {

    /** A temperature at which {@link Place#EXPONENTIALS} throws. */
    static final double FAILING_TEMPERATURE = 0.125;

    enum Place {
        NORM,
        PRODUCT,
        SCORES,
        SOFTMAX,
        /** The product that gives the logits. */
        LOGITS,
        ARG_MAX,
        EXPONENTIALS
    }

    private static final float LARGEST = 1e30f;

    private final Place place;
    private final Supplier<Throwable> failure;
    /** Products until one fails, whatever its rows. */
    private int countdown;

    FailingKernels(Kernels kernels, Place place, Supplier<Throwable> failure) {
        super(kernels);
        this.place = place;
        this.failure = failure;
    }

    /** Makes the {@code count}-th product from now on fail, 1 for the next one, unless something else fails first; 0: none. */
    void failAtProduct(int count) {
        countdown = count;
    }

    private void fail(float[] out) {
        countdown = 0; // one thing at a time
        Arrays.fill(out, Float.NaN);
        FailingKernels.<RuntimeException>raise(failure.get());
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void raise(Throwable failure) throws T {
        throw (T) failure;
    }

    private void check(Place here, float[] out, float[] x, int offset, int n) {
        for (int i = offset; here == place && i < offset + n; i++) {
            if (!(Math.abs(x[i]) < LARGEST)) {
                fail(out);
            }
        }
    }

    @Override
    public void layerNorm(
            float[] out, float[] x, int stride, int rows, int n, float[] weight, float[] bias, float epsilon) {
        for (int r = 0; r < rows; r++) {
            check(Place.NORM, out, x, r * stride, n);
        }
        super.layerNorm(out, x, stride, rows, n, weight, bias, epsilon);
    }

    @Override
    protected void multiply(
            float[] out, int outStride, InputRows x, PackedMatrix w, Epilogue epilogue, int firstPanel, int endPanel) {
        if (countdown > 0 && --countdown == 0) {
            fail(out);
        }
        Place here = w.outputs() == ToyModel.VOCABULARY ? Place.LOGITS : Place.PRODUCT;
        float[] row = new float[x.inputs()];
        for (int r = 0; r < x.rows(); r++) {
            for (int i = 0; i < row.length; i++) {
                row[i] = x.get(r, i);
            }
            check(here, out, row, 0, row.length);
        }
        super.multiply(out, outStride, x, w, epilogue, firstPanel, endPanel);
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
        check(Place.SCORES, scores, queries, queriesOffset, heads * KvViews.headSize(kv));
        super.attentionScores(scores, scoresStride, queries, queriesOffset, kv, firstHead, heads, scale, scratch);
    }

    @Override
    public void softmax(float[] x, int offset, int n) {
        check(Place.SOFTMAX, x, x, offset, n);
        super.softmax(x, offset, n);
    }

    @Override
    public int argMax(float[] x, int offset, int n) {
        // The others' logits lie beside these.
        check(Place.ARG_MAX, new float[0], x, offset, n);
        return super.argMax(x, offset, n);
    }

    @Override
    public void exponentials(float[] out, float[] x, int offset, int n, float max, float inverseTemperature) {
        if (place == Place.EXPONENTIALS && inverseTemperature == (float) (1 / FAILING_TEMPERATURE)) {
            fail(out);
        }
        super.exponentials(out, x, offset, n, max, inverseTemperature);
    }
}
