package io.flinkgpt2.tensor;

import static io.flinkgpt2.tensor.VectorKernels.LANES;
import static io.flinkgpt2.tensor.VectorKernels.SPECIES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** {@link FloatMath} lane by lane, with the rest of an array that fills no vector done by {@link FloatMath} itself. */
final class VectorMath {

    private VectorMath() {}

    /** {@link FloatMath#geluTanh} lane by lane. */
    static void geluTanh(float[] x, int offset, int n, float[] scratch) {
        FloatVector g1 = FloatVector.broadcast(SPECIES, FloatMath.G1);
        FloatVector g3 = FloatVector.broadcast(SPECIES, FloatMath.G3);
        int bound = SPECIES.loopBound(n);
        for (int i = 0; i < bound; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, offset + i);
            v.mul(v.mul(v).fma(g3, g1)).intoArray(scratch, i);
        }
        exp(scratch, 0, bound);
        for (int i = 0; i < bound; i += LANES) {
            FloatVector e = FloatVector.fromArray(SPECIES, scratch, i);
            FloatVector.fromArray(SPECIES, x, offset + i).div(e.add(1f)).intoArray(x, offset + i);
        }
        for (int i = bound; i < n; i++) {
            x[offset + i] = FloatMath.geluTanh(x[offset + i]);
        }
    }

    /** {@link FloatMath#geluErf} lane by lane. */
    static void geluErf(float[] x, int offset, int n, float[] scratch) {
        int bound = SPECIES.loopBound(n);
        for (int i = 0; i < bound; i += LANES) {
            FloatVector z = FloatVector.fromArray(SPECIES, x, offset + i).abs().mul(FloatMath.SQRT_HALF);
            z.neg().mul(z).intoArray(scratch, i);
        }
        exp(scratch, 0, bound);
        FloatVector one = FloatVector.broadcast(SPECIES, 1f);
        for (int i = 0; i < bound; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, offset + i);
            FloatVector z = v.abs().mul(FloatMath.SQRT_HALF);
            FloatVector s = one.div(z.fma(FloatVector.broadcast(SPECIES, FloatMath.C), one));
            FloatVector p =
                    s.fma(FloatVector.broadcast(SPECIES, FloatMath.C8), FloatVector.broadcast(SPECIES, FloatMath.C7));
            p = p.fma(s, FloatVector.broadcast(SPECIES, FloatMath.C6));
            p = p.fma(s, FloatVector.broadcast(SPECIES, FloatMath.C5));
            p = p.fma(s, FloatVector.broadcast(SPECIES, FloatMath.C4));
            p = p.fma(s, FloatVector.broadcast(SPECIES, FloatMath.C3));
            p = p.fma(s, FloatVector.broadcast(SPECIES, FloatMath.C2));
            p = p.fma(s, FloatVector.broadcast(SPECIES, FloatMath.C1));
            p = p.fma(s, FloatVector.broadcast(SPECIES, FloatMath.C0));
            FloatVector tail = v.abs().mul(p.mul(0.5f).mul(FloatVector.fromArray(SPECIES, scratch, i)));
            v.max(0f).sub(tail).intoArray(x, offset + i);
        }
        for (int i = bound; i < n; i++) {
            x[offset + i] = FloatMath.geluErf(x[offset + i]);
        }
    }

    static void relu(float[] x, int offset, int n) {
        int bound = SPECIES.loopBound(n);
        int i = 0;
        for (; i < bound; i += LANES) {
            FloatVector.fromArray(SPECIES, x, offset + i).max(0f).intoArray(x, offset + i);
        }
        for (; i < n; i++) {
            x[offset + i] = FloatMath.relu(x[offset + i]);
        }
    }

    /** {@link Kernels#exponentials}. */
    static void exponentials(
            float[] out, int outOffset, float[] x, int offset, int n, float max, float inverseTemperature) {
        int bound = SPECIES.loopBound(n);
        for (int i = 0; i < bound; i += LANES) {
            FloatVector.fromArray(SPECIES, x, offset + i)
                    .sub(max)
                    .mul(inverseTemperature)
                    .intoArray(out, outOffset + i);
        }
        exp(out, outOffset, bound);
        for (int i = bound; i < n; i++) {
            out[outOffset + i] = FloatMath.exp((x[offset + i] - max) * inverseTemperature);
        }
    }

    /**
     * {@link FloatMath#exp} of {@code n} floats, whole vectors, in place. A loop of its own, for every other: as a method on
     * vectors that they call, it is now and then too much for HotSpot to inline, and each vector becomes an object on the heap.
     */
    private static void exp(float[] x, int offset, int n) {
        for (int i = offset; i < offset + n; i += LANES) {
            FloatVector clamped =
                    FloatVector.fromArray(SPECIES, x, i).max(FloatMath.EXP_MIN).min(FloatMath.EXP_MAX);
            FloatVector rounded = clamped.fma(
                    FloatVector.broadcast(SPECIES, FloatMath.LOG2_E), FloatVector.broadcast(SPECIES, FloatMath.ROUND));
            FloatVector whole = rounded.sub(FloatMath.ROUND);
            FloatVector r = whole.fma(FloatVector.broadcast(SPECIES, -FloatMath.LN2_HIGH), clamped);
            r = whole.fma(FloatVector.broadcast(SPECIES, -FloatMath.LN2_LOW), r);
            FloatVector p =
                    r.fma(FloatVector.broadcast(SPECIES, FloatMath.E6), FloatVector.broadcast(SPECIES, FloatMath.E5));
            p = p.fma(r, FloatVector.broadcast(SPECIES, FloatMath.E4));
            p = p.fma(r, FloatVector.broadcast(SPECIES, FloatMath.E3));
            p = p.fma(r, FloatVector.broadcast(SPECIES, FloatMath.E2));
            p = p.fma(r.mul(r), r).add(1f);
            IntVector exponent = rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
            p.reinterpretAsInts().add(exponent).reinterpretAsFloats().intoArray(x, i);
        }
    }
}
