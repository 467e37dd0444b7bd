package io.flinkgpt2.tensor;

import static io.flinkgpt2.tensor.VectorKernels.LANES;
import static io.flinkgpt2.tensor.VectorKernels.SPECIES;

import jdk.incubator.vector.FloatVector;

/**
 * The matrix product on vectors: tiles of rows by columns whose sums stay in registers over all inputs.
 *
 * <p>A micro-kernel keeps its accumulators in locals of one method, loads and stores included: a vector that crosses a
 * call that is not inlined is boxed, which costs a factor of ten. After its loop it does nothing but store: with the bias
 * added there too, HotSpot spilled one accumulator inside the loop, and the store and load of each round halved the speed.
 */
final class VectorProduct {

    private VectorProduct() {}

    private static final int PANEL = PackedMatrix.PANEL_WIDTH;

    /** {@link Kernels#multiply}. */
    static void multiply(float[] out, int outStride, float[] x, int xStride, int rows, PackedMatrix w, float[] bias) {
        Shapes.checkMultiply(out, outStride, x, xStride, rows, w, bias);
        float[] panels = w.panels();
        int inputs = w.inputs();
        // 512-bit machines have 32 registers: 16 accumulators. The others may have 16: 8 accumulators.
        int step = LANES == 16 ? PANEL : 2 * LANES;
        for (int p = 0; p < w.panelCount(); p++) {
            int from = p * inputs * PANEL;
            for (int c = 0; c < PANEL; c += step) {
                int to = p * PANEL + c;
                int r = 0;
                for (; r + 4 <= rows; r += 4) {
                    if (LANES == 16) {
                        tile4x4(out, r * outStride + to, outStride, x, r * xStride, xStride, panels, from, inputs);
                    } else {
                        tile4x2(out, r * outStride + to, outStride, x, r * xStride, xStride, panels, from + c, inputs);
                    }
                }
                for (; r < rows; r++) {
                    if (LANES == 16) {
                        tile1x4(out, r * outStride + to, x, r * xStride, panels, from, inputs);
                    } else {
                        tile1x2(out, r * outStride + to, x, r * xStride, panels, from + c, inputs);
                    }
                }
            }
            if (bias != null) {
                addBias(out, p * PANEL, outStride, rows, bias, p * PANEL);
            }
        }
    }

    /** Four rows by four vectors: the whole panel where a vector has 16 lanes. */
    private static void tile4x4(
            float[] out, int to, int outStride, float[] x, int row, int xStride, float[] w, int from, int inputs) {
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector a00 = zero, a01 = zero, a02 = zero, a03 = zero;
        FloatVector a10 = zero, a11 = zero, a12 = zero, a13 = zero;
        FloatVector a20 = zero, a21 = zero, a22 = zero, a23 = zero;
        FloatVector a30 = zero, a31 = zero, a32 = zero, a33 = zero;
        int row1 = row + xStride;
        int row2 = row1 + xStride;
        int row3 = row2 + xStride;
        for (int i = 0; i < inputs; i++) {
            FloatVector w0 = FloatVector.fromArray(SPECIES, w, from + i * PANEL);
            FloatVector w1 = FloatVector.fromArray(SPECIES, w, from + i * PANEL + LANES);
            FloatVector w2 = FloatVector.fromArray(SPECIES, w, from + i * PANEL + 2 * LANES);
            FloatVector w3 = FloatVector.fromArray(SPECIES, w, from + i * PANEL + 3 * LANES);
            FloatVector v = FloatVector.broadcast(SPECIES, x[row + i]);
            a00 = v.fma(w0, a00);
            a01 = v.fma(w1, a01);
            a02 = v.fma(w2, a02);
            a03 = v.fma(w3, a03);
            v = FloatVector.broadcast(SPECIES, x[row1 + i]);
            a10 = v.fma(w0, a10);
            a11 = v.fma(w1, a11);
            a12 = v.fma(w2, a12);
            a13 = v.fma(w3, a13);
            v = FloatVector.broadcast(SPECIES, x[row2 + i]);
            a20 = v.fma(w0, a20);
            a21 = v.fma(w1, a21);
            a22 = v.fma(w2, a22);
            a23 = v.fma(w3, a23);
            v = FloatVector.broadcast(SPECIES, x[row3 + i]);
            a30 = v.fma(w0, a30);
            a31 = v.fma(w1, a31);
            a32 = v.fma(w2, a32);
            a33 = v.fma(w3, a33);
        }
        a00.intoArray(out, to);
        a01.intoArray(out, to + LANES);
        a02.intoArray(out, to + 2 * LANES);
        a03.intoArray(out, to + 3 * LANES);
        to += outStride;
        a10.intoArray(out, to);
        a11.intoArray(out, to + LANES);
        a12.intoArray(out, to + 2 * LANES);
        a13.intoArray(out, to + 3 * LANES);
        to += outStride;
        a20.intoArray(out, to);
        a21.intoArray(out, to + LANES);
        a22.intoArray(out, to + 2 * LANES);
        a23.intoArray(out, to + 3 * LANES);
        to += outStride;
        a30.intoArray(out, to);
        a31.intoArray(out, to + LANES);
        a32.intoArray(out, to + 2 * LANES);
        a33.intoArray(out, to + 3 * LANES);
    }

    /** Four rows by two vectors, for machines that may have 16 vector registers. */
    private static void tile4x2(
            float[] out, int to, int outStride, float[] x, int row, int xStride, float[] w, int from, int inputs) {
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector a00 = zero, a01 = zero;
        FloatVector a10 = zero, a11 = zero;
        FloatVector a20 = zero, a21 = zero;
        FloatVector a30 = zero, a31 = zero;
        int row1 = row + xStride;
        int row2 = row1 + xStride;
        int row3 = row2 + xStride;
        for (int i = 0; i < inputs; i++) {
            FloatVector w0 = FloatVector.fromArray(SPECIES, w, from);
            FloatVector w1 = FloatVector.fromArray(SPECIES, w, from + LANES);
            FloatVector v = FloatVector.broadcast(SPECIES, x[row + i]);
            a00 = v.fma(w0, a00);
            a01 = v.fma(w1, a01);
            v = FloatVector.broadcast(SPECIES, x[row1 + i]);
            a10 = v.fma(w0, a10);
            a11 = v.fma(w1, a11);
            v = FloatVector.broadcast(SPECIES, x[row2 + i]);
            a20 = v.fma(w0, a20);
            a21 = v.fma(w1, a21);
            v = FloatVector.broadcast(SPECIES, x[row3 + i]);
            a30 = v.fma(w0, a30);
            a31 = v.fma(w1, a31);
            from += PANEL;
        }
        a00.intoArray(out, to);
        a01.intoArray(out, to + LANES);
        to += outStride;
        a10.intoArray(out, to);
        a11.intoArray(out, to + LANES);
        to += outStride;
        a20.intoArray(out, to);
        a21.intoArray(out, to + LANES);
        to += outStride;
        a30.intoArray(out, to);
        a31.intoArray(out, to + LANES);
    }

    /** One row by four vectors. */
    private static void tile1x4(float[] out, int to, float[] x, int row, float[] w, int from, int inputs) {
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector a0 = zero;
        FloatVector a1 = zero;
        FloatVector a2 = zero;
        FloatVector a3 = zero;
        for (int i = 0; i < inputs; i++) {
            FloatVector v = FloatVector.broadcast(SPECIES, x[row + i]);
            a0 = v.fma(FloatVector.fromArray(SPECIES, w, from), a0);
            a1 = v.fma(FloatVector.fromArray(SPECIES, w, from + LANES), a1);
            a2 = v.fma(FloatVector.fromArray(SPECIES, w, from + 2 * LANES), a2);
            a3 = v.fma(FloatVector.fromArray(SPECIES, w, from + 3 * LANES), a3);
            from += PANEL;
        }
        a0.intoArray(out, to);
        a1.intoArray(out, to + LANES);
        a2.intoArray(out, to + 2 * LANES);
        a3.intoArray(out, to + 3 * LANES);
    }

    /** One row by two vectors. */
    private static void tile1x2(float[] out, int to, float[] x, int row, float[] w, int from, int inputs) {
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector a0 = zero;
        FloatVector a1 = zero;
        for (int i = 0; i < inputs; i++) {
            FloatVector v = FloatVector.broadcast(SPECIES, x[row + i]);
            a0 = v.fma(FloatVector.fromArray(SPECIES, w, from), a0);
            a1 = v.fma(FloatVector.fromArray(SPECIES, w, from + LANES), a1);
            from += PANEL;
        }
        a0.intoArray(out, to);
        a1.intoArray(out, to + LANES);
    }

    /** Adds one panel of the bias to some rows. */
    private static void addBias(float[] out, int to, int outStride, int rows, float[] bias, int panel) {
        for (int c = 0; c < PANEL; c += LANES) {
            FloatVector b = FloatVector.fromArray(SPECIES, bias, panel + c);
            for (int r = 0; r < rows; r++) {
                int at = to + r * outStride + c;
                FloatVector.fromArray(SPECIES, out, at).add(b).intoArray(out, at);
            }
        }
    }
}
