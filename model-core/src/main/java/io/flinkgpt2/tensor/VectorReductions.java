package io.flinkgpt2.tensor;

import static io.flinkgpt2.tensor.ScalarKernels.STRIPES;
import static io.flinkgpt2.tensor.VectorKernels.LANES;
import static io.flinkgpt2.tensor.VectorKernels.SPECIES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Sums and the largest element on vectors: 1, 2 or 4 vectors hold the sixteen stripes of {@link Kernels}. */
final class VectorReductions {

    private VectorReductions() {}

    private static final VectorSpecies<Integer> INTS =
            SPECIES.withLanes(int.class).check(int.class);
    private static final int INFINITY = Float.floatToRawIntBits(Float.POSITIVE_INFINITY);

    /**
     * The largest element; NaN if there is one. Bits are compared as integers: floats in Java's order take dozens of
     * instructions, and now and then HotSpot makes objects of them.
     */
    static float max(float[] x, int offset, int n) {
        float max = Float.NEGATIVE_INFINITY;
        int bound = SPECIES.loopBound(n);
        if (bound > 0) {
            IntVector most = IntVector.broadcast(INTS, Integer.MIN_VALUE);
            IntVector least = IntVector.broadcast(INTS, Integer.MAX_VALUE);
            for (int i = 0; i < bound; i += LANES) {
                // Here and not in a method: more than 35 bytes of code are not always inlined, and then are an object.
                IntVector bits = FloatVector.fromArray(SPECIES, x, offset + i).reinterpretAsInts();
                IntVector signs = bits.lanewise(VectorOperators.ASHR, 31);
                IntVector v =
                        bits.lanewise(VectorOperators.XOR, signs.lanewise(VectorOperators.AND, Integer.MAX_VALUE));
                most = most.max(v);
                least = least.min(v);
            }
            int largest = most.reduceLanes(VectorOperators.MAX);
            // Beyond the infinities are the NaNs of either sign.
            if (largest > INFINITY || least.reduceLanes(VectorOperators.MIN) < ordered(INFINITY | Integer.MIN_VALUE)) {
                return Float.NaN;
            }
            max = Float.intBitsToFloat(ordered(largest));
        }
        for (int i = bound; i < n; i++) {
            max = Math.max(max, x[offset + i]);
        }
        return max;
    }

    /** The bits of a float as an integer that is in the order of the floats; its own inverse. */
    private static int ordered(int bits) {
        return bits ^ (bits >> 31 & Integer.MAX_VALUE);
    }

    /**
     * The striped sum of {@link Kernels}: 1, 2 or 4 vectors hold the sixteen stripes. A length that is no multiple of 16, which
     * no published model has, is left to the definition: masked loads are objects on the heap as often as not.
     */
    static float sum(float[] x, int offset, int n) {
        if (n % STRIPES != 0) {
            return ScalarKernels.sum(x, offset, n, 0, 1);
        }
        FloatVector a0 = FloatVector.zero(SPECIES);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        for (int i = 0; i < n; i += STRIPES) {
            a0 = a0.add(FloatVector.fromArray(SPECIES, x, offset + i));
            if (LANES <= 8) {
                a1 = a1.add(FloatVector.fromArray(SPECIES, x, offset + i + LANES));
            }
            if (LANES == 4) {
                a2 = a2.add(FloatVector.fromArray(SPECIES, x, offset + i + 2 * LANES));
                a3 = a3.add(FloatVector.fromArray(SPECIES, x, offset + i + 3 * LANES));
            }
        }
        return fold(a0, a1, a2, a3);
    }

    /** As {@link #sum}, of the squared differences from {@code mean}. */
    static float sumOfSquares(float[] x, int offset, int n, float mean) {
        if (n % STRIPES != 0) {
            return ScalarKernels.sumOfSquares(x, offset, n, mean, 0, 1);
        }
        FloatVector m = FloatVector.broadcast(SPECIES, mean);
        FloatVector a0 = FloatVector.zero(SPECIES);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        for (int i = 0; i < n; i += STRIPES) {
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
        return fold(a0, a1, a2, a3);
    }

    // Small methods, one for each width, so that they are inlined; and lanes by constants, for a lane whose number is a
    // variable makes an object of the vector wherever HotSpot does not unroll the loop over it.

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
