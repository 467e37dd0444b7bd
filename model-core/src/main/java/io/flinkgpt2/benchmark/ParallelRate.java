package io.flinkgpt2.benchmark;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** The work that some threads do together in a second, each at a part of its own. */
final class ParallelRate {

    private ParallelRate() {}

    /** Work of one thread in one round. */
    interface Work {
        /** Returns how much it did. */
        double run();
    }

    /** Makes the work of one thread, on that thread, so that it lies in memory near it. */
    interface WorkFactory {
        Work make(int thread);
    }

    /** Returns the best of several rounds: what all threads did together, from the first one's start to the last one's end. */
    static double best(int threads, int rounds, WorkFactory factory) {
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
                    Work work = factory.make(part);
                    for (int round = 0; round < rounds; round++) {
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
