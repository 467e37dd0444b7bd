package io.flinkgpt2.tensor;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The fused multiply-adds that a core can do, with all operands in registers: what no kernel can pass. */
final class FmaPeak {

    private static final VectorSpecies<Float> SPECIES = VectorKernels.SPECIES;

    private FmaPeak() {}

    /**
     * Runs twelve independent chains for {@code rounds} rounds; returns the floating-point operations done.
     *
     * @param out a vector's floats or more, which the chains begin with and end in, so that none is left out
     */
    static double run(float[] out, int rounds) {
        FloatVector m = FloatVector.broadcast(SPECIES, 0.999999f);
        FloatVector c = FloatVector.broadcast(SPECIES, 1e-6f);
        FloatVector a0 = FloatVector.fromArray(SPECIES, out, 0);
        FloatVector a1 = a0.add(1), a2 = a0.add(2), a3 = a0.add(3), a4 = a0.add(4), a5 = a0.add(5), a6 = a0.add(6);
        FloatVector a7 = a0.add(7), a8 = a0.add(8), a9 = a0.add(9), a10 = a0.add(10), a11 = a0.add(11);
        for (int i = 0; i < rounds; i++) {
            a0 = a0.fma(m, c);
            a1 = a1.fma(m, c);
            a2 = a2.fma(m, c);
            a3 = a3.fma(m, c);
            a4 = a4.fma(m, c);
            a5 = a5.fma(m, c);
            a6 = a6.fma(m, c);
            a7 = a7.fma(m, c);
            a8 = a8.fma(m, c);
            a9 = a9.fma(m, c);
            a10 = a10.fma(m, c);
            a11 = a11.fma(m, c);
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
