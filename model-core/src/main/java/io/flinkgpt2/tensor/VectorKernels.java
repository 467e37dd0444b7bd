package io.flinkgpt2.tensor;

import java.util.Arrays;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The kernels on the JVM's vectors, 128 to 512 bits wide.
 *
 * <p>Only the part of the incubating API is used that JDK 17 and 25 share. Small helpers that take and return vectors
 * are inlined wherever they are hot; the benchmarks show that they are.
 */
final class VectorKernels implements Kernels {

    /** A constant, so that the compiler knows the shape; at most 512 bits, so that stripes of 16 hold whole vectors. */
    static final VectorSpecies<Float> SPECIES =
            FloatVector.SPECIES_PREFERRED.length() > 16 ? FloatVector.SPECIES_512 : FloatVector.SPECIES_PREFERRED;

    static final int LANES = SPECIES.length();

    /** Floats that {@link #argMax} looks at together. */
    private static final int STRETCH = 1024;

    private final MatrixProduct product;

    /** The kernels with the product on vectors. */
    VectorKernels() {
        this(new VectorProduct());
    }

    /** The kernels with another product. */
    VectorKernels(MatrixProduct product) {
        this.product = product;
    }

    /** Returns whether this machine's vectors have 4, 8 or 16 floats. */
    static boolean supported() {
        return LANES >= 4;
    }

    @Override
    public String name() {
        return "vector-" + SPECIES.vectorBitSize();
    }

    @Override
    public String toString() {
        return name();
    }

    @Override
    public MatrixProduct product() {
        return product;
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
        VectorScores.closedStripes(scores, scoresStride, queries, queriesOffset, kv, firstHead, heads, scale);
        if (kv.closed < kv.positions) {
            OpenStripe.scores(scores, scoresStride, queries, queriesOffset, kv, firstHead, heads, scale, scratch);
        }
    }

    @Override
    public void weightedValues(
            float[] out, int outOffset, float[] weights, int weightsStride, KvView kv, int firstHead, int heads) {
        VectorValues.weightedValues(out, outOffset, weights, weightsStride, kv, firstHead, heads);
    }

    @Override
    public void layerNorm(
            float[] out, float[] x, int stride, int rows, int n, float[] weight, float[] bias, float epsilon) {
        Shapes.checkRows("out", out, stride, rows, n);
        Shapes.checkRows("x", x, stride, rows, n);
        int bound = SPECIES.loopBound(n);
        for (int r = 0; r < rows; r++) {
            int row = r * stride;
            float mean = VectorReductions.sum(x, row, n) / n;
            float variance = VectorReductions.sumOfSquares(x, row, n, mean) / n;
            float scale = FloatMath.inverseSqrt(variance + epsilon);
            int i = 0;
            for (; i < bound; i += LANES) {
                FloatVector.fromArray(SPECIES, x, row + i)
                        .sub(mean)
                        .mul(scale)
                        .fma(FloatVector.fromArray(SPECIES, weight, i), FloatVector.fromArray(SPECIES, bias, i))
                        .intoArray(out, row + i);
            }
            for (; i < n; i++) {
                out[row + i] = Math.fma((x[row + i] - mean) * scale, weight[i], bias[i]);
            }
        }
    }

    @Override
    public void add(float[] x, int xStride, float[] y, int yStride, int rows, int from, int to) {
        Shapes.checkColumns("x", x, xStride, rows, from, to);
        Shapes.checkColumns("y", y, yStride, rows, from, to);
        int bound = from + SPECIES.loopBound(to - from);
        for (int r = 0; r < rows; r++) {
            int xRow = r * xStride;
            int yRow = r * yStride;
            int i = from;
            for (; i < bound; i += LANES) {
                FloatVector.fromArray(SPECIES, x, xRow + i)
                        .add(FloatVector.fromArray(SPECIES, y, yRow + i))
                        .intoArray(x, xRow + i);
            }
            for (; i < to; i++) {
                x[xRow + i] += y[yRow + i];
            }
        }
    }

    @Override
    public void activate(Activation activation, float[] x, int stride, int rows, int from, int to, float[] scratch) {
        Shapes.checkColumns("x", x, stride, rows, from, to);
        int n = to - from;
        Shapes.checkRows("scratch", scratch, n, 1, n);
        for (int r = 0; r < rows; r++) {
            int row = r * stride + from;
            switch (activation) {
                case GELU -> VectorMath.geluErf(x, row, n, scratch);
                case GELU_TANH -> VectorMath.geluTanh(x, row, n, scratch);
                case RELU -> VectorMath.relu(x, row, n);
            }
        }
    }

    @Override
    public void softmax(float[] x, int offset, int n) {
        int padded = Shapes.checkSoftmax(x, offset, n);
        // Whole vectors throughout: what stands behind the last one is overwritten before it counts.
        VectorMath.exponentials(x, offset, x, offset, padded, VectorReductions.max(x, offset, n), 1f);
        // Zeros change no bit of the sum.
        Arrays.fill(x, offset + n, offset + padded, 0f);
        float inverse = 1f / VectorReductions.sum(x, offset, padded);
        int bound = SPECIES.loopBound(n);
        int i = 0;
        for (; i < bound; i += LANES) {
            FloatVector.fromArray(SPECIES, x, offset + i).mul(inverse).intoArray(x, offset + i);
        }
        for (; i < n; i++) {
            x[offset + i] *= inverse;
        }
    }

    @Override
    public int argMax(float[] x, int offset, int n) {
        Objects.checkFromIndexSize(offset, n, x.length);
        float max = Float.NEGATIVE_INFINITY;
        int first = 0;
        // The first stretch that has the largest; which of its elements it is, is found one by one.
        for (int i = 0; i < n; i += STRETCH) {
            float largest = VectorReductions.max(x, offset + i, Math.min(STRETCH, n - i));
            if (Float.isNaN(largest)) {
                return -1;
            }
            if (largest > max) {
                max = largest;
                first = i;
            }
        }
        while (x[offset + first] != max) {
            first++;
        }
        return first;
    }

    @Override
    public void exponentials(float[] out, float[] x, int offset, int n, float max, float inverseTemperature) {
        Objects.checkFromIndexSize(offset, n, x.length);
        VectorMath.exponentials(out, 0, x, offset, n, max, inverseTemperature);
    }
}
