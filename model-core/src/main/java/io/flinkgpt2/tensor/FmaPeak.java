package io.flinkgpt2.tensor;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The fused multiply-adds that a core can do, with all operands in registers: a bound that no kernel can pass. */
public final class FmaPeak {

    private static final VectorSpecies<Float> SPECIES = VectorKernels.SPECIES;

    private FmaPeak() {}

    /** Returns whether this JVM has vectors to measure with. */
    public static boolean measurable() {
        return Kernels.best() instanceof VectorKernels;
    }

    /**
     * Runs twelve independent chains for {@code rounds} rounds; returns the floating-point operations done.
     *
     * @param out a vector's floats or more, which the chains begin with and end in, so that none is left out
     */
    public static double run(float[] out, int rounds) {
        FloatVector m = FloatVector.broadcast(SPECIES, 0.999999f);
        FloatVector c = FloatVector.broadcast(SPECIES, 1e-6f);
        FloatVector a0 = FloatVector.fromArray(SPECIES, out, 0);
        FloatVector a1 = a0.add(1), a2 = a0.add(2), a3 = a0.add(3), a4 = a0.add(4), a5 = a0.add(5), a6 = a0.add(6);
        FloatVector a7 = a0.add(7), a8 = a0.add(8), a9 = a0.add(9), a10 = a0.add(10), a11 = a0.add(11);
        for (int i = 0; i < rounds; i++) {
            a0 = m.fma(a0, c);
            a1 = m.fma(a1, c);
            a2 = m.fma(a2, c);
            a3 = m.fma(a3, c);
            a4 = m.fma(a4, c);
            a5 = m.fma(a5, c);
            a6 = m.fma(a6, c);
            a7 = m.fma(a7, c);
            a8 = m.fma(a8, c);
            a9 = m.fma(a9, c);
            a10 = m.fma(a10, c);
            a11 = m.fma(a11, c);
        }
        a0.add(a1)
                .add(a2)
                .add(a3)
                .add(a4)
                .add(a5)
                .add(a6)
                .add(a7)
                .add(a8)
                .add(a9)
                .add(a10)
                .add(a11)
                .intoArray(out, 0);
        return 2.0 * 12 * SPECIES.length() * rounds;
    }
}
