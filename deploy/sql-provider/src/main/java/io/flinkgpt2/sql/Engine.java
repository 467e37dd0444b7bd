package io.flinkgpt2.sql;

import io.flinkgpt2.generation.BatchOptions;
import io.flinkgpt2.generation.ContinuousBatch;
import io.flinkgpt2.generation.RequestGroup;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.tensor.Workers;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread with a {@link ContinuousBatch}: requests come from another thread, and join and leave at every step. Each has the same
 * bits as one that is completed alone.
 *
 * <p>The number of requests in flight is bounded by whoever submits them, as Flink does by {@code max-concurrent-operations}.
 */
final class Engine implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Engine.class);

    /** A request that was not yet taken in. */
    private record Arrival(RowRequest request, CompletableFuture<RequestGroup> ended) {}

    /** Told of each step. */
    @FunctionalInterface
    interface StepListener {
        /** @param sequences number of sequences that were computed together */
        void stepped(int sequences);
    }

    private final ContinuousBatch batch;
    private final StepListener listener;
    private final BlockingQueue<Arrival> arrivals = new LinkedBlockingQueue<>();
    /** The engine's thread's own. */
    private final Map<RequestGroup, CompletableFuture<RequestGroup>> pending = new HashMap<>();

    private final Thread thread;
    private volatile boolean closed;
    /** Why the thread ended, if it did so by itself. */
    private volatile Throwable failure;

    /**
     * @param name of its thread, which is started
     * @param listener called by the thread after each step
     */
    Engine(Pretrained pretrained, BatchOptions options, String name, StepListener listener) {
        this.listener = listener;
        batch = new ContinuousBatch(
                pretrained.model(), pretrained.tokenizer(), options, new Workers(1), pretrained.constraints());
        thread = new Thread(this::run, name);
        thread.setDaemon(true);
        thread.setContextClassLoader(Engine.class.getClassLoader());
        thread.start();
    }

    /**
     * Submits a request. The future is completed by the engine's thread, which waits for what hangs on it: with the request when
     * it has ended, failed or not; or exceptionally if it was refused or the engine itself failed.
     */
    CompletableFuture<RequestGroup> submit(RowRequest request) {
        CompletableFuture<RequestGroup> ended = new CompletableFuture<>();
        arrivals.add(new Arrival(request, ended));
        if (failure != null) {
            // The thread may have ended before it saw this one.
            ended.completeExceptionally(failure);
        }
        return ended;
    }

    private void run() {
        try {
            while (!closed) {
                takeArrivals();
                step();
            }
        } catch (InterruptedException e) {
            LOG.debug("The engine was closed with {} requests in flight", pending.size());
        } catch (RuntimeException | Error e) {
            failAll(e);
        }
    }

    /** Waits for a request if there is none in flight. */
    private void takeArrivals() throws InterruptedException {
        Arrival arrival = batch.isIdle() ? arrivals.take() : arrivals.poll();
        while (arrival != null) {
            try {
                RowRequest request = arrival.request();
                pending.put(batch.submit(request.promptTokenIds(), request.parameters(), 0), arrival.ended());
            } catch (RuntimeException e) {
                arrival.ended().completeExceptionally(e);
            } catch (Error e) {
                arrival.ended().completeExceptionally(e);
                throw e;
            }
            arrival = arrivals.poll();
        }
    }

    private void step() {
        long unexplained = batch.metrics().unexplainedFailures();
        boolean stepped = batch.step();
        int ended = completeEnded();
        if (stepped) {
            listener.stepped(batch.runningCount() + ended);
        }
        long now = batch.metrics().unexplainedFailures();
        // Told ever more rarely, for it may happen in every step.
        if (now > unexplained && Long.bitCount(now) == 1) {
            LOG.warn(
                    "Batched forward pass failed, but each sequence succeeded when retried alone (occurrence {}). Results are"
                            + " correct. Please report this.",
                    now,
                    batch.metrics().unexplainedFailure());
        }
    }

    /** Returns how many. */
    private int completeEnded() {
        int count = 0;
        RequestGroup ended;
        while ((ended = batch.poll()) != null) {
            pending.remove(ended).complete(ended);
            count++;
        }
        return count;
    }

    private void failAll(Throwable cause) {
        failure = cause;
        if (closed) {
            return;
        }
        LOG.error("The engine failed with {} requests in flight", pending.size(), cause);
        pending.values().forEach(ended -> ended.completeExceptionally(cause));
        Arrival arrival;
        while ((arrival = arrivals.poll()) != null) {
            arrival.ended().completeExceptionally(cause);
        }
    }

    /** Ends the thread after the step that it is in; requests in flight are never completed. */
    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
