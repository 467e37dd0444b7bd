package io.flinkgpt2.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * What this machine can do at most, measured now: a bound for every kernel, by which a throughput is judged.
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
    private static final int MOST_LANES = 16;

    /** Work of one thread in one round. */
    private interface Work {
        /** Returns how much it did. */
        double run();
    }

    /** Makes the work of one thread, on that thread, so that it lies in memory near it. */
    private interface WorkFactory {
        Work make();
    }

    /**
     * Measures for about two seconds.
     *
     * @param threads 1 or more
     * @param readBytes memory that is read, by all threads together; many times the caches
     * @throws IllegalStateException if the vector kernels do not run here
     */
    public static MachineLimits measure(int threads, long readBytes) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads: found " + threads + ", expected 1 or more");
        }
        if (!(Kernels.best() instanceof VectorKernels)) {
            throw new IllegalStateException(
                    "the machine's limits are measured with the JVM's vectors, which are not there;"
                            + " start Java with --add-modules=jdk.incubator.vector");
        }
        double fma = rate(threads, () -> {
            float[] out = new float[MOST_LANES];
            return () -> {
                double operations = 0;
                for (int i = 0; i < FMA_CALLS; i++) {
                    operations += FmaPeak.run(out, FMA_ROUNDS);
                }
                return operations;
            };
        });
        long pieces = Math.max(1, readBytes / threads / Float.BYTES / ReadBandwidth.PIECE);
        int floats = Math.toIntExact(pieces * ReadBandwidth.PIECE);
        List<float[]> memory = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            memory.add(new float[floats]);
        }
        double read = 0;
        for (ReadBandwidth form : ReadBandwidth.values()) {
            List<float[]> free = new ArrayList<>(memory);
            read = Math.max(read, rate(threads, () -> {
                float[] values;
                synchronized (free) {
                    values = free.remove(free.size() - 1);
                }
                float[] out = new float[MOST_LANES];
                return () -> {
                    form.readAll(values, out);
                    return (double) values.length * Float.BYTES;
                };
            }));
        }
        return new MachineLimits(threads, fma * 1e-9, read * 1e-9);
    }

    /** The larger of each. */
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

    /** Whether a throughput can be true at all: at most {@link #MOST_CREDIBLE_SHARE} of the peak. */
    public boolean isCredible(double gflops) {
        return shareOfFma(gflops) <= MOST_CREDIBLE_SHARE;
    }

    /** The best of several rounds: what all threads did together, from the first one's start to the last one's end. */
    private static double rate(int threads, WorkFactory factory) {
        double[] done = new double[threads];
        long[] start = new long[threads];
        long[] end = new long[threads];
        double[] best = new double[1];
        CyclicBarrier ready = new CyclicBarrier(threads);
        CyclicBarrier finished = new CyclicBarrier(threads, () -> {
            double sum = 0;
            long first = Long.MAX_VALUE;
            long last = Long.MIN_VALUE;
            for (int i = 0; i < threads; i++) {
                sum += done[i];
                first = Math.min(first, start[i]);
                last = Math.max(last, end[i]);
            }
            best[0] = Math.max(best[0], sum / ((last - first) * 1e-9));
        });
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        try {
            List<Future<?>> futures = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                int part = i;
                futures.add(executor.submit(() -> {
                    Work work = factory.make();
                    for (int round = 0; round < ROUNDS; round++) {
                        ready.await();
                        start[part] = System.nanoTime();
                        done[part] = work.run();
                        end[part] = System.nanoTime();
                        finished.await();
                    }
                    return null;
                }));
            }
            for (Future<?> future : futures) {
                future.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the machine's limits were measured", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("the machine's limits could not be measured", e.getCause());
        } finally {
            executor.shutdownNow();
        }
        return best[0];
    }
}
