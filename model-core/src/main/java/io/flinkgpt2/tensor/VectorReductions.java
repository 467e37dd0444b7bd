package io.flinkgpt2.tensor;

import static io.flinkgpt2.tensor.VectorKernels.LANES;
import static io.flinkgpt2.tensor.VectorKernels.SPECIES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** Sums and the largest element on vectors: 1, 2 or 4 vectors hold the sixteen stripes of {@link Kernels}. */
final class VectorReductions {

    private VectorReductions() {}

    private static final int STRIPES = 16;

    /** The largest element; NaN if there is one. */
    static float max(float[] x, int offset, int n) {
        float max = Float.NEGATIVE_INFINITY;
        int i = 0;
        if (n >= LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, offset);
            int bound = SPECIES.loopBound(n);
            for (i = LANES; i < bound; i += LANES) {
                v = v.max(FloatVector.fromArray(SPECIES, x, offset + i));
            }
            max = largestLane(v);
        }
        for (; i < n; i++) {
            max = Math.max(max, x[offset + i]);
        }
        return max;
    }

    /** The striped sum of {@link Kernels}: 1, 2 or 4 vectors hold the sixteen stripes. */
    static float sum(float[] x, int offset, int n) {
        FloatVector a0 = FloatVector.zero(SPECIES);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        int i = 0;
        for (; i + STRIPES <= n; i += STRIPES) {
            a0 = a0.add(FloatVector.fromArray(SPECIES, x, offset + i));
            if (LANES <= 8) {
                a1 = a1.add(FloatVector.fromArray(SPECIES, x, offset + i + LANES));
            }
            if (LANES == 4) {
                a2 = a2.add(FloatVector.fromArray(SPECIES, x, offset + i + 2 * LANES));
                a3 = a3.add(FloatVector.fromArray(SPECIES, x, offset + i + 3 * LANES));
            }
        }
        // A stripe that has no element left adds +0, which changes no bit of a sum that began at +0.
        if (i < n) {
            a0 = a0.add(tail(x, offset, i, n));
            if (LANES <= 8) {
                a1 = a1.add(tail(x, offset, i + LANES, n));
            }
            if (LANES == 4) {
                a2 = a2.add(tail(x, offset, i + 2 * LANES, n));
                a3 = a3.add(tail(x, offset, i + 3 * LANES, n));
            }
        }
        return fold(a0, a1, a2, a3);
    }

    /** As {@link #sum}, of the squared differences from {@code mean}. */
    static float sumOfSquares(float[] x, int offset, int n, float mean) {
        FloatVector m = FloatVector.broadcast(SPECIES, mean);
        FloatVector a0 = FloatVector.zero(SPECIES);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        int i = 0;
        for (; i + STRIPES <= n; i += STRIPES) {
            FloatVector d = FloatVector.fromArray(SPECIES, x, offset + i).sub(m);
            a0 = d.fma(d, a0);
            if (LANES <= 8) {
                d = FloatVector.fromArray(SPECIES, x, offset + i + LANES).sub(m);
                a1 = d.fma(d, a1);
            }
            if (LANES == 4) {
                d = FloatVector.fromArray(SPECIES, x, offset + i + 2 * LANES).sub(m);
                a2 = d.fma(d, a2);
                d = FloatVector.fromArray(SPECIES, x, offset + i + 3 * LANES).sub(m);
                a3 = d.fma(d, a3);
            }
        }
        if (i < n) {
            a0 = addSquares(a0, x, offset, i, n, m);
            if (LANES <= 8) {
                a1 = addSquares(a1, x, offset, i + LANES, n, m);
            }
            if (LANES == 4) {
                a2 = addSquares(a2, x, offset, i + 2 * LANES, n, m);
                a3 = addSquares(a3, x, offset, i + 3 * LANES, n, m);
            }
        }
        return fold(a0, a1, a2, a3);
    }

    private static FloatVector addSquares(FloatVector sum, float[] x, int offset, int i, int n, FloatVector mean) {
        VectorMask<Float> present = SPECIES.indexInRange(i, n);
        FloatVector d = tail(x, offset, i, n).sub(mean);
        return sum.blend(d.fma(d, sum), present);
    }

    /** Elements {@code [i, n)} as far as one vector reaches, 0 in the lanes past the end. */
    private static FloatVector tail(float[] x, int offset, int i, int n) {
        return FloatVector.fromArray(SPECIES, x, offset + i, SPECIES.indexInRange(i, n));
    }

    // Small methods, one for each width, so that they are inlined; and lanes by constants, for a lane whose number is a
    // variable makes an object of the vector wherever HotSpot does not unroll the loop over it.

    private static float largestLane(FloatVector v) {
        return LANES == 16 ? largest16(v) : LANES == 8 ? largest8(v) : largest4(v);
    }

    private static float largest16(FloatVector v) {
        float low = largest8(v);
        float third = Math.max(Math.max(v.lane(8), v.lane(9)), Math.max(v.lane(10), v.lane(11)));
        float fourth = Math.max(Math.max(v.lane(12), v.lane(13)), Math.max(v.lane(14), v.lane(15)));
        return Math.max(low, Math.max(third, fourth));
    }

    private static float largest8(FloatVector v) {
        return Math.max(largest4(v), Math.max(Math.max(v.lane(4), v.lane(5)), Math.max(v.lane(6), v.lane(7))));
    }

    private static float largest4(FloatVector v) {
        return Math.max(Math.max(v.lane(0), v.lane(1)), Math.max(v.lane(2), v.lane(3)));
    }

    private static float fold(FloatVector a0, FloatVector a1, FloatVector a2, FloatVector a3) {
        return LANES == 16
                ? fold16(a0)
                : LANES == 8 ? fold8(a0.add(a1)) : fold4(a0.add(a2).add(a1.add(a3)));
    }

    private static float fold16(FloatVector a) {
        float f0 = (a.lane(0) + a.lane(8)) + (a.lane(4) + a.lane(12));
        float f1 = (a.lane(1) + a.lane(9)) + (a.lane(5) + a.lane(13));
        float f2 = (a.lane(2) + a.lane(10)) + (a.lane(6) + a.lane(14));
        float f3 = (a.lane(3) + a.lane(11)) + (a.lane(7) + a.lane(15));
        return (f0 + f2) + (f1 + f3);
    }

    private static float fold8(FloatVector a) {
        float f0 = a.lane(0) + a.lane(4);
        float f1 = a.lane(1) + a.lane(5);
        float f2 = a.lane(2) + a.lane(6);
        float f3 = a.lane(3) + a.lane(7);
        return (f0 + f2) + (f1 + f3);
    }

    private static float fold4(FloatVector a) {
        return (a.lane(0) + a.lane(2)) + (a.lane(1) + a.lane(3));
    }
}
