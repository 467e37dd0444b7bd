package io.flinkgpt2.benchmark;

import io.flinkgpt2.tensor.FmaPeak;

/**
 * The most that this machine can do, measured now: a bound for every kernel, by which a throughput is judged.
 *
 * @param threads threads that worked together, each in a core of its own if there are as many
 * @param fmaGflops fused multiply-adds in registers, two operations each, of all threads together, in 10^9 a second
 * @param readGbPerSecond bytes of float32 read from memory, by all threads together, in 10^9 a second
 */
public record MachineLimits(int threads, double fmaGflops, double readGbPerSecond) {

    /** No kernel does more than this share of the peak: one that seems to means that the peak was measured too low. */
    public static final double MOST_CREDIBLE_SHARE = 0.95;

    private static final int ROUNDS = 12;
    private static final int FMA_CALLS = 10;
    private static final int FMA_ROUNDS = 1_000_000;
    static final int MOST_LANES = 16;

    /**
     * Measures for about two seconds.
     *
     * @param threads 1 or more
     * @param readBytes memory that is read, by all threads together; many times the caches
     * @throws IllegalStateException if the vector kernels do not run here
     */
    public static MachineLimits measure(int threads, long readBytes) {
        requireMeasurable(threads);
        double fma = ParallelRate.best(threads, ROUNDS, thread -> {
            float[] out = new float[MOST_LANES];
            return () -> {
                double operations = 0;
                for (int i = 0; i < FMA_CALLS; i++) {
                    operations += FmaPeak.run(out, FMA_ROUNDS);
                }
                return operations;
            };
        });
        return new MachineLimits(threads, fma * 1e-9, new ReadLimit(threads, readBytes).measure(ROUNDS));
    }

    static void requireMeasurable(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads: found " + threads + ", expected 1 or more");
        }
        if (!FmaPeak.measurable()) {
            throw new IllegalStateException(
                    "the machine's limits are measured with the JVM's vectors, which are not there;"
                            + " start Java with --add-modules=jdk.incubator.vector");
        }
    }

    /** Returns the larger of each. */
    public MachineLimits larger(MachineLimits other) {
        if (other.threads != threads) {
            throw new IllegalArgumentException(
                    "limits of " + other.threads + " threads say nothing of those of " + threads);
        }
        return new MachineLimits(
                threads, Math.max(fmaGflops, other.fmaGflops), Math.max(readGbPerSecond, other.readGbPerSecond));
    }

    /** Share of the arithmetic peak, 0..1. */
    public double shareOfFma(double gflops) {
        return gflops / fmaGflops;
    }

    /** Share of the read bandwidth, 0..1. */
    public double shareOfBandwidth(double gbPerSecond) {
        return gbPerSecond / readGbPerSecond;
    }

    /** Returns whether a throughput can be true at all: at most {@link #MOST_CREDIBLE_SHARE} of the peak. */
    public boolean isCredible(double gflops) {
        return shareOfFma(gflops) <= MOST_CREDIBLE_SHARE;
    }
}
