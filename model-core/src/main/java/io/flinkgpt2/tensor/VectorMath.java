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
        exponentials(scratch, 0, scratch, 0, bound, 0f, 1f);
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
        exponentials(scratch, 0, scratch, 0, bound, 0f, 1f);
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

    /**
     * {@link Kernels#exponentials}, with {@link FloatMath#exp} lane by lane; in place if the arrays and offsets are the same.
     *
     * <p>All other exponentials come from here: as a method on vectors that they call, it is now and then too much for HotSpot
     * to inline, and each vector becomes an object on the heap. And it is one method of more than 325 bytes of code, which
     * HotSpot never inlines: a caller's own vectors became objects when this used up what it inlines in a method at most
     * ({@code NodeCountInliningCutoff}), and a softmax took five times as long in one process of three.
     */
    static void exponentials(
            float[] out, int outOffset, float[] x, int offset, int n, float max, float inverseTemperature) {
        FloatVector log2E = FloatVector.broadcast(SPECIES, FloatMath.LOG2_E);
        FloatVector round = FloatVector.broadcast(SPECIES, FloatMath.ROUND);
        FloatVector ln2High = FloatVector.broadcast(SPECIES, -FloatMath.LN2_HIGH);
        FloatVector ln2Low = FloatVector.broadcast(SPECIES, -FloatMath.LN2_LOW);
        FloatVector e2 = FloatVector.broadcast(SPECIES, FloatMath.E2);
        FloatVector e3 = FloatVector.broadcast(SPECIES, FloatMath.E3);
        FloatVector e4 = FloatVector.broadcast(SPECIES, FloatMath.E4);
        FloatVector e5 = FloatVector.broadcast(SPECIES, FloatMath.E5);
        FloatVector e6 = FloatVector.broadcast(SPECIES, FloatMath.E6);
        FloatVector most = FloatVector.broadcast(SPECIES, max);
        FloatVector factor = FloatVector.broadcast(SPECIES, inverseTemperature);
        int bound = SPECIES.loopBound(n);
        for (int i = 0; i < bound; i += LANES) {
            FloatVector clamped = FloatVector.fromArray(SPECIES, x, offset + i)
                    .sub(most)
                    .mul(factor)
                    .max(FloatMath.EXP_MIN)
                    .min(FloatMath.EXP_MAX);
            FloatVector rounded = clamped.fma(log2E, round);
            FloatVector whole = rounded.sub(round);
            FloatVector r = whole.fma(ln2Low, whole.fma(ln2High, clamped));
            FloatVector p = r.fma(e6, e5).fma(r, e4).fma(r, e3).fma(r, e2);
            p = p.fma(r.mul(r), r).add(1f);
            IntVector exponent = rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
            p.reinterpretAsInts().add(exponent).reinterpretAsFloats().intoArray(out, outOffset + i);
        }
        for (int i = bound; i < n; i++) {
            out[outOffset + i] = FloatMath.exp((x[offset + i] - max) * inverseTemperature);
        }
    }
}
