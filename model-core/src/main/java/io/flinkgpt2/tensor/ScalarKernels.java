package io.flinkgpt2.tensor;

import static io.flinkgpt2.tensor.KvView.BLOCK_POSITIONS;
import static io.flinkgpt2.tensor.KvView.KEY_STRIPE;

import java.util.Arrays;
import java.util.Objects;

/** The kernels as plain loops: the reference that {@link VectorKernels} must equal bit for bit, and the fallback. */
final class ScalarKernels implements Kernels {

    static final int STRIPES = 16;

    private final MatrixProduct product;

    /** The kernels with the product as plain loops. */
    ScalarKernels() {
        this(new ScalarProduct());
    }

    /** The kernels with another product. */
    ScalarKernels(MatrixProduct product) {
        this.product = product;
    }

    @Override
    public String name() {
        return "scalar";
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
    public void layerNorm(
            float[] out, float[] x, int stride, int rows, int n, float[] weight, float[] bias, float epsilon) {
        Shapes.checkRows("out", out, stride, rows, n);
        Shapes.checkRows("x", x, stride, rows, n);
        for (int r = 0; r < rows; r++) {
            int row = r * stride;
            float mean = sum(x, row, n, 0, 1) / n;
            float variance = sumOfSquares(x, row, n, mean, 0, 1) / n;
            float scale = FloatMath.inverseSqrt(variance + epsilon);
            for (int i = 0; i < n; i++) {
                out[row + i] = Math.fma((x[row + i] - mean) * scale, weight[i], bias[i]);
            }
        }
    }

    @Override
    public void add(float[] x, int xStride, float[] y, int yStride, int rows, int from, int to) {
        Shapes.checkColumns("x", x, xStride, rows, from, to);
        Shapes.checkColumns("y", y, yStride, rows, from, to);
        for (int r = 0; r < rows; r++) {
            for (int i = from; i < to; i++) {
                x[r * xStride + i] += y[r * yStride + i];
            }
        }
    }

    @Override
    public void activate(Activation activation, float[] x, int stride, int rows, int from, int to, float[] scratch) {
        Shapes.checkColumns("x", x, stride, rows, from, to);
        for (int r = 0; r < rows; r++) {
            for (int i = r * stride + from; i < r * stride + to; i++) {
                x[i] = FloatMath.activate(activation, x[i]);
            }
        }
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
        for (int h = 0; h < heads; h++) {
            int query = queriesOffset + h * kv.headSize;
            for (int j = 0; j < kv.positions; j++) {
                float[] block = kv.blocks[j / BLOCK_POSITIONS];
                boolean closed = j < kv.closed;
                int key = closed ? kv.closedKey(j, firstHead + h) : kv.openKey(j, firstHead + h);
                int apart = closed ? KEY_STRIPE : kv.allHeads;
                float sum = 0;
                for (int d = 0; d < kv.headSize; d++, key += apart) {
                    sum = Math.fma(queries[query + d], block[key], sum);
                }
                scores[h * scoresStride + j] = sum * scale;
            }
        }
    }

    @Override
    public void softmax(float[] x, int offset, int n) {
        int padded = Shapes.checkSoftmax(x, offset, n);
        float max = x[offset];
        for (int i = 1; i < n; i++) {
            max = Math.max(max, x[offset + i]);
        }
        for (int i = 0; i < n; i++) {
            x[offset + i] = FloatMath.exp(x[offset + i] - max);
        }
        Arrays.fill(x, offset + n, offset + padded, 0f);
        float inverse = 1f / sum(x, offset, n, 0, 1);
        for (int i = 0; i < n; i++) {
            x[offset + i] *= inverse;
        }
    }

    @Override
    public void weightedValues(
            float[] out, int outOffset, float[] weights, int weightsStride, KvView kv, int firstHead, int heads) {
        for (int h = 0; h < heads; h++) {
            for (int d = 0; d < kv.headSize; d++) {
                float sum = 0;
                for (int i = 0; i < kv.positions; i++) {
                    int j = inTurn(i, kv.positions);
                    float value = kv.blocks[j / BLOCK_POSITIONS][kv.value(j, firstHead + h) + d];
                    sum = Math.fma(weights[h * weightsStride + j], value, sum);
                }
                out[outOffset + h * kv.headSize + d] = sum;
            }
        }
    }

    /** Returns the {@code i}-th of some positions by two blocks in turn: 0, 64, 1, 65, …, as long as there are any in both. */
    private static int inTurn(int i, int positions) {
        int first = i / (2 * BLOCK_POSITIONS) * 2 * BLOCK_POSITIONS;
        int inSecond = Math.min(BLOCK_POSITIONS, Math.max(0, positions - first - BLOCK_POSITIONS));
        int turn = i - first;
        return turn < 2 * inSecond ? first + turn / 2 + turn % 2 * BLOCK_POSITIONS : first + turn - inSecond;
    }

    @Override
    public int argMax(float[] x, int offset, int n) {
        Objects.checkFromIndexSize(offset, n, x.length);
        int best = 0;
        for (int i = 0; i < n; i++) {
            if (Float.isNaN(x[offset + i])) {
                return -1;
            }
            if (x[offset + i] > x[offset + best]) {
                best = i;
            }
        }
        return best;
    }

    @Override
    public void exponentials(float[] out, float[] x, int offset, int n, float max, float inverseTemperature) {
        Objects.checkFromIndexSize(offset, n, x.length);
        for (int i = 0; i < n; i++) {
            out[i] = FloatMath.exp((x[offset + i] - max) * inverseTemperature);
        }
    }

    /** Returns the striped sum, folded from stripe {@code j} on: with {@code apart} 16 one stripe, with 1 all of them. */
    static float sum(float[] x, int offset, int n, int j, int apart) {
        if (apart < STRIPES) {
            return sum(x, offset, n, j, 2 * apart) + sum(x, offset, n, j + apart, 2 * apart);
        }
        float sum = 0;
        for (int i = j; i < n; i += STRIPES) {
            sum += x[offset + i];
        }
        return sum;
    }

    /** As {@link #sum}, of the squared differences from {@code mean}. */
    static float sumOfSquares(float[] x, int offset, int n, float mean, int j, int apart) {
        if (apart < STRIPES) {
            return sumOfSquares(x, offset, n, mean, j, 2 * apart)
                    + sumOfSquares(x, offset, n, mean, j + apart, 2 * apart);
        }
        float sum = 0;
        for (int i = j; i < n; i += STRIPES) {
            float difference = x[offset + i] - mean;
            sum = Math.fma(difference, difference, sum);
        }
        return sum;
    }
}
