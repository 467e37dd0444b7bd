package io.flinkgpt2.tensor;

import java.util.SplittableRandom;

/** Inputs of the benchmarks. */
final class KernelInputs {

    private KernelInputs() {}

    /** Uniform in {@code [-1, 1)}. */
    static float[] random(int seed, int n) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) (random.nextDouble() * 2 - 1);
        }
        return values;
    }
}
