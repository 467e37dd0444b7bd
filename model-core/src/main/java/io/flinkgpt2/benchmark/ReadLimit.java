package io.flinkgpt2.benchmark;

import io.flinkgpt2.tensor.ReadBandwidth;
import java.util.Arrays;

/**
 * The bytes a second that this machine reads from memory at most, measured whenever asked: memory is shared with what else
 * runs, on this machine and beside it, and what it gives changes from minute to minute.
 */
public final class ReadLimit {

    private final float[][] memory;

    /**
     * @param threads that read together, 1 or more
     * @param readBytes memory that is read, by all threads together; many times the caches
     * @throws IllegalStateException if the vector kernels do not run here
     */
    public ReadLimit(int threads, long readBytes) {
        MachineLimits.requireMeasurable(threads);
        long pieces = Math.max(1, readBytes / threads / Float.BYTES / ReadBandwidth.PIECE);
        memory = new float[threads][Math.toIntExact(pieces * ReadBandwidth.PIECE)];
        // Pages that were never written may all be one page of zeros.
        for (float[] values : memory) {
            Arrays.fill(values, 1f);
        }
    }

    /**
     * Reads the memory in each form, {@code rounds} times.
     *
     * @return the best of them, in 10^9 bytes a second
     */
    public double measure(int rounds) {
        return best(rounds, 1);
    }

    /**
     * Reads the memory in each form, {@code reads} times on end.
     *
     * @return what the best form reads in all that time, in 10^9 bytes a second: of use beside work that takes as long, which
     *     no lucky moment speeds up either
     */
    public double measureSustained(int reads) {
        return best(1, reads);
    }

    private double best(int rounds, int readsEach) {
        double best = 0;
        for (ReadBandwidth form : ReadBandwidth.values()) {
            best = Math.max(best, ParallelRate.best(memory.length, rounds, thread -> {
                float[] values = memory[thread];
                float[] out = new float[MachineLimits.MOST_LANES];
                return () -> {
                    for (int i = 0; i < readsEach; i++) {
                        form.readAll(values, out);
                    }
                    return (double) readsEach * values.length * Float.BYTES;
                };
            }));
        }
        return best * 1e-9;
    }
}
