// Generated from Float32Tiles by TileGenerator; do not edit.
package io.flinkgpt2.tensor;

import static io.flinkgpt2.tensor.VectorKernels.LANES;
import static io.flinkgpt2.tensor.VectorKernels.SPECIES;
import static io.flinkgpt2.tensor.WeightVectors.load;

import jdk.incubator.vector.FloatVector;

/** Tiles of a product with bfloat16 weights. */
final class BFloat16Tiles extends Tiles<short[]> {

    @Override
    short[] panels(PackedMatrix w) {
        return ((BFloat16Matrix) w).panels();
    }

    /** {@link Tiles#tile12x2}. */
    @Override
    void tile12x2(float[] out, int to, int outStride, float[] x, int row, short[] w, int from, int inputs) {
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector a0 = zero, b0 = zero;
        FloatVector a1 = zero, b1 = zero;
        FloatVector a2 = zero, b2 = zero;
        FloatVector a3 = zero, b3 = zero;
        FloatVector a4 = zero, b4 = zero;
        FloatVector a5 = zero, b5 = zero;
        FloatVector a6 = zero, b6 = zero;
        FloatVector a7 = zero, b7 = zero;
        FloatVector a8 = zero, b8 = zero;
        FloatVector a9 = zero, b9 = zero;
        FloatVector a10 = zero, b10 = zero;
        FloatVector a11 = zero, b11 = zero;
        for (int i = 0; i < inputs; i++) {
            FloatVector w0 = load(w, from + i * PANEL);
            FloatVector w1 = load(w, from + i * PANEL + LANES);
            FloatVector v = FloatVector.broadcast(SPECIES, x[row + 12 * i]);
            a0 = v.fma(w0, a0);
            b0 = v.fma(w1, b0);
            v = FloatVector.broadcast(SPECIES, x[row + 12 * i + 1]);
            a1 = v.fma(w0, a1);
            b1 = v.fma(w1, b1);
            v = FloatVector.broadcast(SPECIES, x[row + 12 * i + 2]);
            a2 = v.fma(w0, a2);
            b2 = v.fma(w1, b2);
            v = FloatVector.broadcast(SPECIES, x[row + 12 * i + 3]);
            a3 = v.fma(w0, a3);
            b3 = v.fma(w1, b3);
            v = FloatVector.broadcast(SPECIES, x[row + 12 * i + 4]);
            a4 = v.fma(w0, a4);
            b4 = v.fma(w1, b4);
            v = FloatVector.broadcast(SPECIES, x[row + 12 * i + 5]);
            a5 = v.fma(w0, a5);
            b5 = v.fma(w1, b5);
            v = FloatVector.broadcast(SPECIES, x[row + 12 * i + 6]);
            a6 = v.fma(w0, a6);
            b6 = v.fma(w1, b6);
            v = FloatVector.broadcast(SPECIES, x[row + 12 * i + 7]);
            a7 = v.fma(w0, a7);
            b7 = v.fma(w1, b7);
            v = FloatVector.broadcast(SPECIES, x[row + 12 * i + 8]);
            a8 = v.fma(w0, a8);
            b8 = v.fma(w1, b8);
            v = FloatVector.broadcast(SPECIES, x[row + 12 * i + 9]);
            a9 = v.fma(w0, a9);
            b9 = v.fma(w1, b9);
            v = FloatVector.broadcast(SPECIES, x[row + 12 * i + 10]);
            a10 = v.fma(w0, a10);
            b10 = v.fma(w1, b10);
            v = FloatVector.broadcast(SPECIES, x[row + 12 * i + 11]);
            a11 = v.fma(w0, a11);
            b11 = v.fma(w1, b11);
        }
        a0.intoArray(out, to);
        b0.intoArray(out, to + LANES);
        to += outStride;
        a1.intoArray(out, to);
        b1.intoArray(out, to + LANES);
        to += outStride;
        a2.intoArray(out, to);
        b2.intoArray(out, to + LANES);
        to += outStride;
        a3.intoArray(out, to);
        b3.intoArray(out, to + LANES);
        to += outStride;
        a4.intoArray(out, to);
        b4.intoArray(out, to + LANES);
        to += outStride;
        a5.intoArray(out, to);
        b5.intoArray(out, to + LANES);
        to += outStride;
        a6.intoArray(out, to);
        b6.intoArray(out, to + LANES);
        to += outStride;
        a7.intoArray(out, to);
        b7.intoArray(out, to + LANES);
        to += outStride;
        a8.intoArray(out, to);
        b8.intoArray(out, to + LANES);
        to += outStride;
        a9.intoArray(out, to);
        b9.intoArray(out, to + LANES);
        to += outStride;
        a10.intoArray(out, to);
        b10.intoArray(out, to + LANES);
        to += outStride;
        a11.intoArray(out, to);
        b11.intoArray(out, to + LANES);
    }

    /** {@link Tiles#tile8x2}. */
    @Override
    void tile8x2(float[] out, int to, int outStride, float[] x, int row, short[] w, int from, int inputs) {
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector a0 = zero, b0 = zero;
        FloatVector a1 = zero, b1 = zero;
        FloatVector a2 = zero, b2 = zero;
        FloatVector a3 = zero, b3 = zero;
        FloatVector a4 = zero, b4 = zero;
        FloatVector a5 = zero, b5 = zero;
        FloatVector a6 = zero, b6 = zero;
        FloatVector a7 = zero, b7 = zero;
        for (int i = 0; i < inputs; i++) {
            FloatVector w0 = load(w, from + i * PANEL);
            FloatVector w1 = load(w, from + i * PANEL + LANES);
            FloatVector v = FloatVector.broadcast(SPECIES, x[row + 8 * i]);
            a0 = v.fma(w0, a0);
            b0 = v.fma(w1, b0);
            v = FloatVector.broadcast(SPECIES, x[row + 8 * i + 1]);
            a1 = v.fma(w0, a1);
            b1 = v.fma(w1, b1);
            v = FloatVector.broadcast(SPECIES, x[row + 8 * i + 2]);
            a2 = v.fma(w0, a2);
            b2 = v.fma(w1, b2);
            v = FloatVector.broadcast(SPECIES, x[row + 8 * i + 3]);
            a3 = v.fma(w0, a3);
            b3 = v.fma(w1, b3);
            v = FloatVector.broadcast(SPECIES, x[row + 8 * i + 4]);
            a4 = v.fma(w0, a4);
            b4 = v.fma(w1, b4);
            v = FloatVector.broadcast(SPECIES, x[row + 8 * i + 5]);
            a5 = v.fma(w0, a5);
            b5 = v.fma(w1, b5);
            v = FloatVector.broadcast(SPECIES, x[row + 8 * i + 6]);
            a6 = v.fma(w0, a6);
            b6 = v.fma(w1, b6);
            v = FloatVector.broadcast(SPECIES, x[row + 8 * i + 7]);
            a7 = v.fma(w0, a7);
            b7 = v.fma(w1, b7);
        }
        a0.intoArray(out, to);
        b0.intoArray(out, to + LANES);
        to += outStride;
        a1.intoArray(out, to);
        b1.intoArray(out, to + LANES);
        to += outStride;
        a2.intoArray(out, to);
        b2.intoArray(out, to + LANES);
        to += outStride;
        a3.intoArray(out, to);
        b3.intoArray(out, to + LANES);
        to += outStride;
        a4.intoArray(out, to);
        b4.intoArray(out, to + LANES);
        to += outStride;
        a5.intoArray(out, to);
        b5.intoArray(out, to + LANES);
        to += outStride;
        a6.intoArray(out, to);
        b6.intoArray(out, to + LANES);
        to += outStride;
        a7.intoArray(out, to);
        b7.intoArray(out, to + LANES);
    }

    /** {@link Tiles#tile4x2}. */
    @Override
    void tile4x2(float[] out, int to, int outStride, float[] x, int row, int width, short[] w, int from, int inputs) {
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector a0 = zero, b0 = zero;
        FloatVector a1 = zero, b1 = zero;
        FloatVector a2 = zero, b2 = zero;
        FloatVector a3 = zero, b3 = zero;
        for (int i = 0; i < inputs; i++) {
            FloatVector w0 = load(w, from + i * PANEL);
            FloatVector w1 = load(w, from + i * PANEL + LANES);
            FloatVector v = FloatVector.broadcast(SPECIES, x[row + i * width]);
            a0 = v.fma(w0, a0);
            b0 = v.fma(w1, b0);
            v = FloatVector.broadcast(SPECIES, x[row + i * width + 1]);
            a1 = v.fma(w0, a1);
            b1 = v.fma(w1, b1);
            v = FloatVector.broadcast(SPECIES, x[row + i * width + 2]);
            a2 = v.fma(w0, a2);
            b2 = v.fma(w1, b2);
            v = FloatVector.broadcast(SPECIES, x[row + i * width + 3]);
            a3 = v.fma(w0, a3);
            b3 = v.fma(w1, b3);
        }
        a0.intoArray(out, to);
        b0.intoArray(out, to + LANES);
        to += outStride;
        a1.intoArray(out, to);
        b1.intoArray(out, to + LANES);
        to += outStride;
        a2.intoArray(out, to);
        b2.intoArray(out, to + LANES);
        to += outStride;
        a3.intoArray(out, to);
        b3.intoArray(out, to + LANES);
    }

    /** {@link Tiles#tile2x2}. */
    @Override
    void tile2x2(float[] out, int to, int outStride, float[] x, int row, int width, short[] w, int from, int inputs) {
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector a0 = zero, b0 = zero;
        FloatVector a1 = zero, b1 = zero;
        for (int i = 0; i < inputs; i++) {
            FloatVector w0 = load(w, from + i * PANEL);
            FloatVector w1 = load(w, from + i * PANEL + LANES);
            FloatVector v = FloatVector.broadcast(SPECIES, x[row + i * width]);
            a0 = v.fma(w0, a0);
            b0 = v.fma(w1, b0);
            v = FloatVector.broadcast(SPECIES, x[row + i * width + 1]);
            a1 = v.fma(w0, a1);
            b1 = v.fma(w1, b1);
        }
        a0.intoArray(out, to);
        b0.intoArray(out, to + LANES);
        to += outStride;
        a1.intoArray(out, to);
        b1.intoArray(out, to + LANES);
    }

    /** {@link Tiles#tile1x2}. */
    @Override
    void tile1x2(float[] out, int to, float[] x, int row, int width, short[] w, int from, int inputs) {
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector a0 = zero, b0 = zero;
        for (int i = 0; i < inputs; i++) {
            FloatVector v = FloatVector.broadcast(SPECIES, x[row + i * width]);
            a0 = v.fma(load(w, from + i * PANEL), a0);
            b0 = v.fma(load(w, from + i * PANEL + LANES), b0);
        }
        a0.intoArray(out, to);
        b0.intoArray(out, to + LANES);
    }

    /** {@link Tiles#tile4x4}. */
    @Override
    void tile4x4(
            float[] out,
            int to,
            int outStride,
            float[] x,
            int row,
            int width,
            short[] w,
            int from,
            int size,
            int inputs) {
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector a0 = zero, b0 = zero, c0 = zero, d0 = zero;
        FloatVector a1 = zero, b1 = zero, c1 = zero, d1 = zero;
        FloatVector a2 = zero, b2 = zero, c2 = zero, d2 = zero;
        FloatVector a3 = zero, b3 = zero, c3 = zero, d3 = zero;
        int from1 = from + size;
        for (int i = 0; i < inputs; i++) {
            FloatVector w0 = load(w, from + i * PANEL);
            FloatVector w1 = load(w, from + i * PANEL + LANES);
            FloatVector w2 = load(w, from1 + i * PANEL);
            FloatVector w3 = load(w, from1 + i * PANEL + LANES);
            FloatVector v = FloatVector.broadcast(SPECIES, x[row + i * width]);
            a0 = v.fma(w0, a0);
            b0 = v.fma(w1, b0);
            c0 = v.fma(w2, c0);
            d0 = v.fma(w3, d0);
            v = FloatVector.broadcast(SPECIES, x[row + i * width + 1]);
            a1 = v.fma(w0, a1);
            b1 = v.fma(w1, b1);
            c1 = v.fma(w2, c1);
            d1 = v.fma(w3, d1);
            v = FloatVector.broadcast(SPECIES, x[row + i * width + 2]);
            a2 = v.fma(w0, a2);
            b2 = v.fma(w1, b2);
            c2 = v.fma(w2, c2);
            d2 = v.fma(w3, d2);
            v = FloatVector.broadcast(SPECIES, x[row + i * width + 3]);
            a3 = v.fma(w0, a3);
            b3 = v.fma(w1, b3);
            c3 = v.fma(w2, c3);
            d3 = v.fma(w3, d3);
        }
        a0.intoArray(out, to);
        b0.intoArray(out, to + LANES);
        c0.intoArray(out, to + PANEL);
        d0.intoArray(out, to + PANEL + LANES);
        to += outStride;
        a1.intoArray(out, to);
        b1.intoArray(out, to + LANES);
        c1.intoArray(out, to + PANEL);
        d1.intoArray(out, to + PANEL + LANES);
        to += outStride;
        a2.intoArray(out, to);
        b2.intoArray(out, to + LANES);
        c2.intoArray(out, to + PANEL);
        d2.intoArray(out, to + PANEL + LANES);
        to += outStride;
        a3.intoArray(out, to);
        b3.intoArray(out, to + LANES);
        c3.intoArray(out, to + PANEL);
        d3.intoArray(out, to + PANEL + LANES);
    }

    /** {@link Tiles#tile2x8}. */
    @Override
    void tile2x8(
            float[] out,
            int to,
            int outStride,
            float[] x,
            int row,
            int width,
            short[] w,
            int from,
            int size,
            int inputs) {
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector a0 = zero, b0 = zero, c0 = zero, d0 = zero, e0 = zero, f0 = zero, g0 = zero, h0 = zero;
        FloatVector a1 = zero, b1 = zero, c1 = zero, d1 = zero, e1 = zero, f1 = zero, g1 = zero, h1 = zero;
        int from1 = from + size;
        int from2 = from1 + size;
        int from3 = from2 + size;
        for (int i = 0; i < inputs; i++) {
            FloatVector w0 = load(w, from + i * PANEL);
            FloatVector w1 = load(w, from + i * PANEL + LANES);
            FloatVector w2 = load(w, from1 + i * PANEL);
            FloatVector w3 = load(w, from1 + i * PANEL + LANES);
            FloatVector w4 = load(w, from2 + i * PANEL);
            FloatVector w5 = load(w, from2 + i * PANEL + LANES);
            FloatVector w6 = load(w, from3 + i * PANEL);
            FloatVector w7 = load(w, from3 + i * PANEL + LANES);
            FloatVector v = FloatVector.broadcast(SPECIES, x[row + i * width]);
            a0 = v.fma(w0, a0);
            b0 = v.fma(w1, b0);
            c0 = v.fma(w2, c0);
            d0 = v.fma(w3, d0);
            e0 = v.fma(w4, e0);
            f0 = v.fma(w5, f0);
            g0 = v.fma(w6, g0);
            h0 = v.fma(w7, h0);
            v = FloatVector.broadcast(SPECIES, x[row + i * width + 1]);
            a1 = v.fma(w0, a1);
            b1 = v.fma(w1, b1);
            c1 = v.fma(w2, c1);
            d1 = v.fma(w3, d1);
            e1 = v.fma(w4, e1);
            f1 = v.fma(w5, f1);
            g1 = v.fma(w6, g1);
            h1 = v.fma(w7, h1);
        }
        a0.intoArray(out, to);
        b0.intoArray(out, to + LANES);
        c0.intoArray(out, to + PANEL);
        d0.intoArray(out, to + PANEL + LANES);
        e0.intoArray(out, to + 2 * PANEL);
        f0.intoArray(out, to + 2 * PANEL + LANES);
        g0.intoArray(out, to + 3 * PANEL);
        h0.intoArray(out, to + 3 * PANEL + LANES);
        to += outStride;
        a1.intoArray(out, to);
        b1.intoArray(out, to + LANES);
        c1.intoArray(out, to + PANEL);
        d1.intoArray(out, to + PANEL + LANES);
        e1.intoArray(out, to + 2 * PANEL);
        f1.intoArray(out, to + 2 * PANEL + LANES);
        g1.intoArray(out, to + 3 * PANEL);
        h1.intoArray(out, to + 3 * PANEL + LANES);
    }

    /** {@link Tiles#tile1x8}. */
    @Override
    void tile1x8(float[] out, int to, float[] x, int row, int width, short[] w, int from, int size, int inputs) {
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector a0 = zero, b0 = zero, c0 = zero, d0 = zero, e0 = zero, f0 = zero, g0 = zero, h0 = zero;
        int from1 = from + size;
        int from2 = from1 + size;
        int from3 = from2 + size;
        for (int i = 0; i < inputs; i++) {
            FloatVector v = FloatVector.broadcast(SPECIES, x[row + i * width]);
            a0 = v.fma(load(w, from + i * PANEL), a0);
            b0 = v.fma(load(w, from + i * PANEL + LANES), b0);
            c0 = v.fma(load(w, from1 + i * PANEL), c0);
            d0 = v.fma(load(w, from1 + i * PANEL + LANES), d0);
            e0 = v.fma(load(w, from2 + i * PANEL), e0);
            f0 = v.fma(load(w, from2 + i * PANEL + LANES), f0);
            g0 = v.fma(load(w, from3 + i * PANEL), g0);
            h0 = v.fma(load(w, from3 + i * PANEL + LANES), h0);
        }
        a0.intoArray(out, to);
        b0.intoArray(out, to + LANES);
        c0.intoArray(out, to + PANEL);
        d0.intoArray(out, to + PANEL + LANES);
        e0.intoArray(out, to + 2 * PANEL);
        f0.intoArray(out, to + 2 * PANEL + LANES);
        g0.intoArray(out, to + 3 * PANEL);
        h0.intoArray(out, to + 3 * PANEL + LANES);
    }
}
