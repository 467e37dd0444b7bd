package io.flinkgpt2.tensor;

import static io.flinkgpt2.tensor.ScalarKernels.STRIPES;
import static io.flinkgpt2.tensor.VectorKernels.LANES;
import static io.flinkgpt2.tensor.VectorKernels.SPECIES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Sums and the largest element on vectors: 1, 2 or 4 vectors hold the sixteen stripes of {@link Kernels}.
 *
 * <p>What is carried through a loop is always the argument of a method and never its receiver: HotSpot knows the class of a
 * vector that has just been loaded, but that of a loop's variable by its profile only, which it does not always have.
 */
final class VectorReductions {

    private VectorReductions() {}

    private static final VectorSpecies<Integer> INTS =
            SPECIES.withLanes(int.class).check(int.class);
    private static final int INFINITY = Float.floatToRawIntBits(Float.POSITIVE_INFINITY);

    /**
     * Returns the largest element; NaN if there is one. Bits are compared as integers: floats in Java's order take dozens of
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
                most = v.max(most);
                least = v.min(least);
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

    /** Returns the bits of a float as an integer that is in the order of the floats; its own inverse. */
    private static int ordered(int bits) {
        return bits ^ (bits >> 31 & Integer.MAX_VALUE);
    }

    /**
     * Returns the striped sum of {@link Kernels}: 1, 2 or 4 vectors hold the sixteen stripes. A length that is not a multiple
     * of 16, which no published model has, is left to the definition: masked loads are objects on the heap as often as not.
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
            a0 = FloatVector.fromArray(SPECIES, x, offset + i).add(a0);
            if (LANES <= 8) {
                a1 = FloatVector.fromArray(SPECIES, x, offset + i + LANES).add(a1);
            }
            if (LANES == 4) {
                a2 = FloatVector.fromArray(SPECIES, x, offset + i + 2 * LANES).add(a2);
                a3 = FloatVector.fromArray(SPECIES, x, offset + i + 3 * LANES).add(a3);
            }
        }
        // Here, for where a method that takes the vectors is not inlined they become objects. And by constant lanes,
        // for one
        // whose number is a variable makes an object wherever HotSpot does not unroll the loop over it.
        float f0;
        float f1;
        float f2;
        float f3;
        if (LANES == 16) {
            f0 = (a0.lane(0) + a0.lane(8)) + (a0.lane(4) + a0.lane(12));
            f1 = (a0.lane(1) + a0.lane(9)) + (a0.lane(5) + a0.lane(13));
            f2 = (a0.lane(2) + a0.lane(10)) + (a0.lane(6) + a0.lane(14));
            f3 = (a0.lane(3) + a0.lane(11)) + (a0.lane(7) + a0.lane(15));
        } else if (LANES == 8) {
            FloatVector b = a0.add(a1);
            f0 = b.lane(0) + b.lane(4);
            f1 = b.lane(1) + b.lane(5);
            f2 = b.lane(2) + b.lane(6);
            f3 = b.lane(3) + b.lane(7);
        } else {
            FloatVector b = a0.add(a2).add(a1.add(a3));
            f0 = b.lane(0);
            f1 = b.lane(1);
            f2 = b.lane(2);
            f3 = b.lane(3);
        }
        return (f0 + f2) + (f1 + f3);
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
        // As above.
        float f0;
        float f1;
        float f2;
        float f3;
        if (LANES == 16) {
            f0 = (a0.lane(0) + a0.lane(8)) + (a0.lane(4) + a0.lane(12));
            f1 = (a0.lane(1) + a0.lane(9)) + (a0.lane(5) + a0.lane(13));
            f2 = (a0.lane(2) + a0.lane(10)) + (a0.lane(6) + a0.lane(14));
            f3 = (a0.lane(3) + a0.lane(11)) + (a0.lane(7) + a0.lane(15));
        } else if (LANES == 8) {
            FloatVector b = a0.add(a1);
            f0 = b.lane(0) + b.lane(4);
            f1 = b.lane(1) + b.lane(5);
            f2 = b.lane(2) + b.lane(6);
            f3 = b.lane(3) + b.lane(7);
        } else {
            FloatVector b = a0.add(a2).add(a1.add(a3));
            f0 = b.lane(0);
            f1 = b.lane(1);
            f2 = b.lane(2);
            f3 = b.lane(3);
        }
        return (f0 + f2) + (f1 + f3);
    }
}
