package io.flinkgpt2.tensor;

import static io.flinkgpt2.tensor.VectorKernels.LANES;
import static io.flinkgpt2.tensor.VectorKernels.SPECIES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The matrix product with bfloat16 weights: tiles of rows by columns whose sums stay in registers over all inputs.
 *
 * <p>A tile has 6, 4, 2 or 1 rows and, where vectors have 16 lanes, a whole panel of four vectors: 24 accumulators, 4
 * weights and one input in the 32 registers of such a machine. The others may have 16 registers and take two vectors at a
 * time. A micro-kernel keeps its accumulators in locals of one method, loads and stores included: a vector that crosses a
 * call that is not inlined is boxed, which costs a factor of ten. After its loop it does nothing but store: with the bias
 * added there too, HotSpot spilled an accumulator inside the loop, and the speed halved.
 *
 * <p>A bfloat16 is the upper half of a float32: widened to an int and shifted up, it is that float32.
 */
final class BFloat16Product {

    private BFloat16Product() {}

    private static final int PANEL = PackedMatrix.PANEL_WIDTH;

    private static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, SPECIES.vectorShape());
    /** As many shorts as a vector has floats. */
    private static final VectorSpecies<Short> SHORTS =
            VectorSpecies.of(short.class, VectorShape.forBitSize(SPECIES.vectorBitSize() / 2));

    /** The sums of the panels {@code [firstPanel, endPanel)}, without the bias. */
    static void multiply(
            float[] out,
            int outStride,
            float[] x,
            int xStride,
            int rows,
            BFloat16Matrix w,
            int firstPanel,
            int endPanel) {
        short[] panels = w.panels();
        int inputs = w.inputs();
        if (LANES == 16 && rows == 1) {
            int size = inputs * PANEL;
            for (; firstPanel + 2 <= endPanel; firstPanel += 2) {
                tile1x8(out, firstPanel * PANEL, x, panels, firstPanel * size, size, inputs);
            }
        }
        for (int p = firstPanel; p < endPanel; p++) {
            int from = p * inputs * PANEL;
            int to = p * PANEL;
            if (LANES == 16) {
                wide(out, to, outStride, x, xStride, rows, panels, from, inputs);
            } else {
                for (int c = 0; c < PANEL; c += 2 * LANES) {
                    narrow(out, to + c, outStride, x, xStride, rows, panels, from + c, inputs);
                }
            }
        }
    }

    private static void wide(
            float[] out, int to, int outStride, float[] x, int xStride, int rows, short[] w, int from, int inputs) {
        int r = 0;
        for (; r + 6 <= rows; r += 6) {
            tile6x4(out, r * outStride + to, outStride, x, r * xStride, xStride, w, from, inputs);
        }
        if (r + 4 <= rows) {
            tile4x4(out, r * outStride + to, outStride, x, r * xStride, xStride, w, from, inputs);
            r += 4;
        }
        if (r + 2 <= rows) {
            tile2x4(out, r * outStride + to, outStride, x, r * xStride, xStride, w, from, inputs);
            r += 2;
        }
        if (r < rows) {
            tile1x4(out, r * outStride + to, x, r * xStride, w, from, inputs);
        }
    }

    private static void narrow(
            float[] out, int to, int outStride, float[] x, int xStride, int rows, short[] w, int from, int inputs) {
        int r = 0;
        for (; r + 4 <= rows; r += 4) {
            tile4x2(out, r * outStride + to, outStride, x, r * xStride, xStride, w, from, inputs);
        }
        for (; r < rows; r++) {
            tile1x2(out, r * outStride + to, x, r * xStride, w, from, inputs);
        }
    }

    /** Six rows by four vectors. */
    private static void tile6x4(
            float[] out, int to, int outStride, float[] x, int row, int xStride, short[] w, int from, int inputs) {
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector a00 = zero, a01 = zero, a02 = zero, a03 = zero;
        FloatVector a10 = zero, a11 = zero, a12 = zero, a13 = zero;
        FloatVector a20 = zero, a21 = zero, a22 = zero, a23 = zero;
        FloatVector a30 = zero, a31 = zero, a32 = zero, a33 = zero;
        FloatVector a40 = zero, a41 = zero, a42 = zero, a43 = zero;
        FloatVector a50 = zero, a51 = zero, a52 = zero, a53 = zero;
        int row1 = row + xStride;
        int row2 = row1 + xStride;
        int row3 = row2 + xStride;
        int row4 = row3 + xStride;
        int row5 = row4 + xStride;
        for (int i = 0; i < inputs; i++) {
            FloatVector w0 = ShortVector.fromArray(SHORTS, w, from + i * PANEL)
                    .convertShape(VectorOperators.S2I, INTS, 0)
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w1 = ShortVector.fromArray(SHORTS, w, from + i * PANEL + LANES)
                    .convertShape(VectorOperators.S2I, INTS, 0)
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w2 = ShortVector.fromArray(SHORTS, w, from + i * PANEL + 2 * LANES)
                    .convertShape(VectorOperators.S2I, INTS, 0)
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w3 = ShortVector.fromArray(SHORTS, w, from + i * PANEL + 3 * LANES)
                    .convertShape(VectorOperators.S2I, INTS, 0)
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
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
            v = FloatVector.broadcast(SPECIES, x[row4 + i]);
            a40 = v.fma(w0, a40);
            a41 = v.fma(w1, a41);
            a42 = v.fma(w2, a42);
            a43 = v.fma(w3, a43);
            v = FloatVector.broadcast(SPECIES, x[row5 + i]);
            a50 = v.fma(w0, a50);
            a51 = v.fma(w1, a51);
            a52 = v.fma(w2, a52);
            a53 = v.fma(w3, a53);
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
        to += outStride;
        a40.intoArray(out, to);
        a41.intoArray(out, to + LANES);
        a42.intoArray(out, to + 2 * LANES);
        a43.intoArray(out, to + 3 * LANES);
        to += outStride;
        a50.intoArray(out, to);
        a51.intoArray(out, to + LANES);
        a52.intoArray(out, to + 2 * LANES);
        a53.intoArray(out, to + 3 * LANES);
    }

    /** Four rows by four vectors. */
    private static void tile4x4(
            float[] out, int to, int outStride, float[] x, int row, int xStride, short[] w, int from, int inputs) {
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector a00 = zero, a01 = zero, a02 = zero, a03 = zero;
        FloatVector a10 = zero, a11 = zero, a12 = zero, a13 = zero;
        FloatVector a20 = zero, a21 = zero, a22 = zero, a23 = zero;
        FloatVector a30 = zero, a31 = zero, a32 = zero, a33 = zero;
        int row1 = row + xStride;
        int row2 = row1 + xStride;
        int row3 = row2 + xStride;
        for (int i = 0; i < inputs; i++) {
            FloatVector w0 = ShortVector.fromArray(SHORTS, w, from + i * PANEL)
                    .convertShape(VectorOperators.S2I, INTS, 0)
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w1 = ShortVector.fromArray(SHORTS, w, from + i * PANEL + LANES)
                    .convertShape(VectorOperators.S2I, INTS, 0)
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w2 = ShortVector.fromArray(SHORTS, w, from + i * PANEL + 2 * LANES)
                    .convertShape(VectorOperators.S2I, INTS, 0)
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w3 = ShortVector.fromArray(SHORTS, w, from + i * PANEL + 3 * LANES)
                    .convertShape(VectorOperators.S2I, INTS, 0)
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
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

    /** Two rows by four vectors. */
    private static void tile2x4(
            float[] out, int to, int outStride, float[] x, int row, int xStride, short[] w, int from, int inputs) {
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector a00 = zero, a01 = zero, a02 = zero, a03 = zero;
        FloatVector a10 = zero, a11 = zero, a12 = zero, a13 = zero;
        int row1 = row + xStride;
        for (int i = 0; i < inputs; i++) {
            FloatVector w0 = ShortVector.fromArray(SHORTS, w, from + i * PANEL)
                    .convertShape(VectorOperators.S2I, INTS, 0)
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w1 = ShortVector.fromArray(SHORTS, w, from + i * PANEL + LANES)
                    .convertShape(VectorOperators.S2I, INTS, 0)
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w2 = ShortVector.fromArray(SHORTS, w, from + i * PANEL + 2 * LANES)
                    .convertShape(VectorOperators.S2I, INTS, 0)
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w3 = ShortVector.fromArray(SHORTS, w, from + i * PANEL + 3 * LANES)
                    .convertShape(VectorOperators.S2I, INTS, 0)
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
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
    }

    /** One row by four vectors. */
    private static void tile1x4(float[] out, int to, float[] x, int row, short[] w, int from, int inputs) {
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector a00 = zero, a01 = zero, a02 = zero, a03 = zero;
        for (int i = 0; i < inputs; i++) {
            FloatVector w0 = ShortVector.fromArray(SHORTS, w, from + i * PANEL)
                    .convertShape(VectorOperators.S2I, INTS, 0)
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w1 = ShortVector.fromArray(SHORTS, w, from + i * PANEL + LANES)
                    .convertShape(VectorOperators.S2I, INTS, 0)
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w2 = ShortVector.fromArray(SHORTS, w, from + i * PANEL + 2 * LANES)
                    .convertShape(VectorOperators.S2I, INTS, 0)
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w3 = ShortVector.fromArray(SHORTS, w, from + i * PANEL + 3 * LANES)
                    .convertShape(VectorOperators.S2I, INTS, 0)
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector v = FloatVector.broadcast(SPECIES, x[row + i]);
            a00 = v.fma(w0, a00);
            a01 = v.fma(w1, a01);
            a02 = v.fma(w2, a02);
            a03 = v.fma(w3, a03);
        }
        a00.intoArray(out, to);
        a01.intoArray(out, to + LANES);
        a02.intoArray(out, to + 2 * LANES);
        a03.intoArray(out, to + 3 * LANES);
    }

    /** One row by two neighbouring panels: two streams of reads bring more from memory than one. */
    private static void tile1x8(float[] out, int to, float[] x, short[] w, int from, int size, int inputs) {
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector a0 = zero, a1 = zero, a2 = zero, a3 = zero;
        FloatVector b0 = zero, b1 = zero, b2 = zero, b3 = zero;
        int from1 = from + size;
        for (int i = 0; i < inputs; i++) {
            FloatVector v = FloatVector.broadcast(SPECIES, x[i]);
            a0 = v.fma(
                    ShortVector.fromArray(SHORTS, w, from + i * PANEL)
                            .convertShape(VectorOperators.S2I, INTS, 0)
                            .lanewise(VectorOperators.LSHL, 16)
                            .reinterpretAsFloats(),
                    a0);
            a1 = v.fma(
                    ShortVector.fromArray(SHORTS, w, from + i * PANEL + LANES)
                            .convertShape(VectorOperators.S2I, INTS, 0)
                            .lanewise(VectorOperators.LSHL, 16)
                            .reinterpretAsFloats(),
                    a1);
            a2 = v.fma(
                    ShortVector.fromArray(SHORTS, w, from + i * PANEL + 2 * LANES)
                            .convertShape(VectorOperators.S2I, INTS, 0)
                            .lanewise(VectorOperators.LSHL, 16)
                            .reinterpretAsFloats(),
                    a2);
            a3 = v.fma(
                    ShortVector.fromArray(SHORTS, w, from + i * PANEL + 3 * LANES)
                            .convertShape(VectorOperators.S2I, INTS, 0)
                            .lanewise(VectorOperators.LSHL, 16)
                            .reinterpretAsFloats(),
                    a3);
            b0 = v.fma(
                    ShortVector.fromArray(SHORTS, w, from1 + i * PANEL)
                            .convertShape(VectorOperators.S2I, INTS, 0)
                            .lanewise(VectorOperators.LSHL, 16)
                            .reinterpretAsFloats(),
                    b0);
            b1 = v.fma(
                    ShortVector.fromArray(SHORTS, w, from1 + i * PANEL + LANES)
                            .convertShape(VectorOperators.S2I, INTS, 0)
                            .lanewise(VectorOperators.LSHL, 16)
                            .reinterpretAsFloats(),
                    b1);
            b2 = v.fma(
                    ShortVector.fromArray(SHORTS, w, from1 + i * PANEL + 2 * LANES)
                            .convertShape(VectorOperators.S2I, INTS, 0)
                            .lanewise(VectorOperators.LSHL, 16)
                            .reinterpretAsFloats(),
                    b2);
            b3 = v.fma(
                    ShortVector.fromArray(SHORTS, w, from1 + i * PANEL + 3 * LANES)
                            .convertShape(VectorOperators.S2I, INTS, 0)
                            .lanewise(VectorOperators.LSHL, 16)
                            .reinterpretAsFloats(),
                    b3);
        }
        a0.intoArray(out, to);
        a1.intoArray(out, to + LANES);
        a2.intoArray(out, to + 2 * LANES);
        a3.intoArray(out, to + 3 * LANES);
        b0.intoArray(out, to + 4 * LANES);
        b1.intoArray(out, to + 5 * LANES);
        b2.intoArray(out, to + 6 * LANES);
        b3.intoArray(out, to + 7 * LANES);
    }

    /** Four rows by two vectors. */
    private static void tile4x2(
            float[] out, int to, int outStride, float[] x, int row, int xStride, short[] w, int from, int inputs) {
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector a00 = zero, a01 = zero;
        FloatVector a10 = zero, a11 = zero;
        FloatVector a20 = zero, a21 = zero;
        FloatVector a30 = zero, a31 = zero;
        int row1 = row + xStride;
        int row2 = row1 + xStride;
        int row3 = row2 + xStride;
        for (int i = 0; i < inputs; i++) {
            FloatVector w0 = ShortVector.fromArray(SHORTS, w, from + i * PANEL)
                    .convertShape(VectorOperators.S2I, INTS, 0)
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w1 = ShortVector.fromArray(SHORTS, w, from + i * PANEL + LANES)
                    .convertShape(VectorOperators.S2I, INTS, 0)
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
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

    /** One row by two vectors. */
    private static void tile1x2(float[] out, int to, float[] x, int row, short[] w, int from, int inputs) {
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector a00 = zero, a01 = zero;
        for (int i = 0; i < inputs; i++) {
            FloatVector w0 = ShortVector.fromArray(SHORTS, w, from + i * PANEL)
                    .convertShape(VectorOperators.S2I, INTS, 0)
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector w1 = ShortVector.fromArray(SHORTS, w, from + i * PANEL + LANES)
                    .convertShape(VectorOperators.S2I, INTS, 0)
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            FloatVector v = FloatVector.broadcast(SPECIES, x[row + i]);
            a00 = v.fma(w0, a00);
            a01 = v.fma(w1, a01);
        }
        a00.intoArray(out, to);
        a01.intoArray(out, to + LANES);
    }
}
