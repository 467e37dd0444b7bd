package io.flinkgpt2.tensor;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The vector kernels for a process that has just started: the scalar ones until those are compiled. A vector operation that is not
 * compiled makes an object of each vector and takes a hundred times as long, so a first token would wait for the compiler. The
 * bits are equal, so any mixture is right.
 *
 * <p>A process with little to do never gets to the vectors. One that has done {@link #worthwhile} multiplications warms them up, in a
 * thread of its own, until a round of them takes less time than the same round of scalar ones.
 */
final class WarmingKernels implements Kernels {

    /** Multiplications after which vectors are worth compiling: some tenths of a second of scalar ones. */
    static final long WORTHWHILE = 400_000_000;

    private final Kernels scalar;
    private final Kernels vector;
    private final long worthwhile;
    private final Product product;
    private final AtomicLong work = new AtomicLong();
    private final AtomicBoolean begun = new AtomicBoolean();
    private volatile boolean warm;

    /** @param worthwhile multiplications of matrix products after which the vectors are warmed up */
    WarmingKernels(Kernels scalar, Kernels vector, long worthwhile) {
        this.scalar = scalar;
        this.vector = vector;
        this.worthwhile = worthwhile;
        this.product = new Product();
    }

    /** Returns whether the vectors are in use. */
    boolean isWarm() {
        return warm;
    }

    private Kernels current() {
        return warm ? vector : scalar;
    }

    private void count(long multiplications, Precision precision) {
        if (work.addAndGet(multiplications) >= worthwhile && begun.compareAndSet(false, true)) {
            Thread thread = new Thread(
                    () -> {
                        new WarmUp(scalar, vector, precision).run();
                        warm = true;
                    },
                    "flink-gpt2 kernel warm-up");
            thread.setDaemon(true);
            thread.start();
        }
    }

    @Override
    public String name() {
        return vector.name();
    }

    @Override
    public String toString() {
        return name();
    }

    @Override
    public MatrixProduct product() {
        return product;
    }

    /** The products of both, which read the same weights and rows. */
    private final class Product implements MatrixProduct {

        @Override
        public PackedMatrix pack(Float32Matrix weights, Precision precision) {
            return vector.product().pack(weights, precision);
        }

        @Override
        public InputRows rows(int capacity) {
            return vector.product().rows(capacity);
        }

        @Override
        public void multiply(
                float[] out,
                int outStride,
                InputRows x,
                PackedMatrix w,
                Epilogue epilogue,
                int firstPanel,
                int endPanel) {
            if (!warm) {
                long columns = (long) (endPanel - firstPanel) * PackedMatrix.PANEL_WIDTH;
                count(columns * x.rows() * x.inputs(), w.precision());
            }
            current().product().multiply(out, outStride, x, w, epilogue, firstPanel, endPanel);
        }
    }

    @Override
    public void layerNorm(
            float[] out, float[] x, int stride, int rows, int n, float[] weight, float[] bias, float epsilon) {
        current().layerNorm(out, x, stride, rows, n, weight, bias, epsilon);
    }

    @Override
    public void add(float[] x, int xStride, float[] y, int yStride, int rows, int from, int to) {
        current().add(x, xStride, y, yStride, rows, from, to);
    }

    @Override
    public void activate(Activation activation, float[] x, int stride, int rows, int from, int to, float[] scratch) {
        current().activate(activation, x, stride, rows, from, to, scratch);
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
        current().attentionScores(scores, scoresStride, queries, queriesOffset, kv, firstHead, heads, scale, scratch);
    }

    @Override
    public void softmax(float[] x, int offset, int n) {
        current().softmax(x, offset, n);
    }

    @Override
    public void weightedValues(
            float[] out, int outOffset, float[] weights, int weightsStride, KvView kv, int firstHead, int heads) {
        current().weightedValues(out, outOffset, weights, weightsStride, kv, firstHead, heads);
    }

    @Override
    public int argMax(float[] x, int offset, int n) {
        return current().argMax(x, offset, n);
    }

    @Override
    public void exponentials(float[] out, float[] x, int offset, int n, float max, float inverseTemperature) {
        current().exponentials(out, x, offset, n, max, inverseTemperature);
    }
}
