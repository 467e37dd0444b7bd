package io.flinkgpt2.tensor;

import static io.flinkgpt2.tensor.VectorKernels.LANES;
import static io.flinkgpt2.tensor.VectorKernels.SPECIES;

import jdk.incubator.vector.FloatVector;

/** The matrix product on vectors: the sums by the tiles of each precision, then scale and bias while they are in the cache. */
final class VectorProduct {

    private VectorProduct() {}

    private static final int PANEL = PackedMatrix.PANEL_WIDTH;

    /** Panels between two passes over their sums: the tiles of a single row take up to four at once. */
    private static final int TOGETHER = 4;

    /** {@link Kernels#multiply(float[], int, float[], int, int, PackedMatrix, float[], int, int)}. */
    static void multiply(
            float[] out,
            int outStride,
            float[] x,
            int xStride,
            int rows,
            PackedMatrix w,
            float[] bias,
            int firstPanel,
            int endPanel) {
        Shapes.checkMultiply(out, outStride, x, xStride, rows, w, bias, firstPanel, endPanel);
        for (int p = firstPanel; p < endPanel; p += TOGETHER) {
            int end = Math.min(p + TOGETHER, endPanel);
            switch (w.precision()) {
                case F32 -> {
                    Float32Product.multiply(out, outStride, x, xStride, rows, (Float32Matrix) w, p, end);
                    add(out, p * PANEL, end * PANEL, outStride, rows, bias);
                }
                case BF16 -> {
                    BFloat16Product.multiply(out, outStride, x, xStride, rows, (BFloat16Matrix) w, p, end);
                    add(out, p * PANEL, end * PANEL, outStride, rows, bias);
                }
                case INT8 -> {
                    Int8Matrix matrix = (Int8Matrix) w;
                    Int8Product.multiply(out, outStride, x, xStride, rows, matrix, p, end);
                    scale(out, p * PANEL, end * PANEL, outStride, rows, matrix.scales(), bias);
                }
            }
        }
    }

    /** Adds the bias to the columns {@code [from, to)} of some rows. */
    private static void add(float[] out, int from, int to, int outStride, int rows, float[] bias) {
        if (bias == null) {
            return;
        }
        for (int c = from; c < to; c += LANES) {
            FloatVector b = FloatVector.fromArray(SPECIES, bias, c);
            for (int r = 0; r < rows; r++) {
                int at = r * outStride + c;
                FloatVector.fromArray(SPECIES, out, at).add(b).intoArray(out, at);
            }
        }
    }

    /** Multiplies the columns {@code [from, to)} of some rows by their scales, and adds the bias. */
    private static void scale(float[] out, int from, int to, int outStride, int rows, float[] scales, float[] bias) {
        for (int c = from; c < to; c += LANES) {
            FloatVector s = FloatVector.fromArray(SPECIES, scales, c);
            if (bias == null) {
                for (int r = 0; r < rows; r++) {
                    int at = r * outStride + c;
                    FloatVector.fromArray(SPECIES, out, at).mul(s).intoArray(out, at);
                }
            } else {
                FloatVector b = FloatVector.fromArray(SPECIES, bias, c);
                for (int r = 0; r < rows; r++) {
                    int at = r * outStride + c;
                    FloatVector.fromArray(SPECIES, out, at).fma(s, b).intoArray(out, at);
                }
            }
        }
    }
}
