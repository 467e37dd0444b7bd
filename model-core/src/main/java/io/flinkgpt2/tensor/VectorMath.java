package io.flinkgpt2.tensor;

import static io.flinkgpt2.tensor.VectorKernels.LANES;
import static io.flinkgpt2.tensor.VectorKernels.SPECIES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** {@link FloatMath} lane by lane, with the rest of an array that fills no vector done by {@link FloatMath} itself. */
final class VectorMath {

    private VectorMath() {}

    /** {@link FloatMath#geluTanh} lane by lane. */
    static void geluTanh(float[] x, int offset, int n) {
        FloatVector one = FloatVector.broadcast(SPECIES, 1f);
        FloatVector g1 = FloatVector.broadcast(SPECIES, FloatMath.G1);
        FloatVector g3 = FloatVector.broadcast(SPECIES, FloatMath.G3);
        int bound = SPECIES.loopBound(n);
        int i = 0;
        for (; i < bound; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, offset + i);
            FloatVector e = exp(v.mul(v.mul(v).fma(g3, g1)));
            v.div(one.add(e)).intoArray(x, offset + i);
        }
        for (; i < n; i++) {
            x[offset + i] = FloatMath.geluTanh(x[offset + i]);
        }
    }

    /**
     * {@link FloatMath#geluErf} lane by lane, the exponential in a pass of its own: in one loop with the polynomial it is
     * too much for HotSpot 17 to inline, and every vector would be an object on the heap.
     */
    static void geluErf(float[] x, int offset, int n, float[] scratch) {
        int bound = SPECIES.loopBound(n);
        for (int i = 0; i < bound; i += LANES) {
            FloatVector z = FloatVector.fromArray(SPECIES, x, offset + i).abs().mul(FloatMath.SQRT_HALF);
            exp(z.neg().mul(z)).intoArray(scratch, i);
        }
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
            FloatVector tail = v.mul(p.mul(0.5f).mul(FloatVector.fromArray(SPECIES, scratch, i)));
            VectorMask<Float> negative = v.compare(VectorOperators.LT, 0f);
            v.sub(tail).blend(tail, negative).intoArray(x, offset + i);
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

    /** {@link FloatMath#exp} lane by lane. */
    private static FloatVector exp(FloatVector x) {
        FloatVector clamped = x.max(FloatMath.EXP_MIN).min(FloatMath.EXP_MAX);
        FloatVector rounded = clamped.fma(
                FloatVector.broadcast(SPECIES, FloatMath.LOG2_E), FloatVector.broadcast(SPECIES, FloatMath.ROUND));
        FloatVector n = rounded.sub(FloatMath.ROUND);
        FloatVector r = n.fma(FloatVector.broadcast(SPECIES, -FloatMath.LN2_HIGH), clamped);
        r = n.fma(FloatVector.broadcast(SPECIES, -FloatMath.LN2_LOW), r);
        FloatVector p =
                r.fma(FloatVector.broadcast(SPECIES, FloatMath.E6), FloatVector.broadcast(SPECIES, FloatMath.E5));
        p = p.fma(r, FloatVector.broadcast(SPECIES, FloatMath.E4));
        p = p.fma(r, FloatVector.broadcast(SPECIES, FloatMath.E3));
        p = p.fma(r, FloatVector.broadcast(SPECIES, FloatMath.E2));
        p = p.fma(r.mul(r), r).add(1f);
        IntVector exponent = rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
        return p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
    }

    static void exponentials(
            float[] out, int outOffset, float[] x, int offset, int n, float max, float inverseTemperature) {
        int bound = SPECIES.loopBound(n);
        int i = 0;
        for (; i < bound; i += LANES) {
            exp(FloatVector.fromArray(SPECIES, x, offset + i).sub(max).mul(inverseTemperature))
                    .intoArray(out, outOffset + i);
        }
        for (; i < n; i++) {
            out[outOffset + i] = FloatMath.exp((x[offset + i] - max) * inverseTemperature);
        }
    }
}
