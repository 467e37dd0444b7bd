package io.flinkgpt2.benchmark;

import io.flinkgpt2.generation.ContinuousBatch;
import io.flinkgpt2.generation.RequestGroup;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** Requests that arrive over time, through a batch, once. */
final class MixedRun {

    private final ContinuousBatch batch;
    private final List<BenchRequest> requests;
    private final long[] arrivals;
    private final long[] latencies;
    private final IdentityHashMap<RequestGroup, Integer> numbers = new IdentityHashMap<>();
    private final long start = System.nanoTime();
    private int arrived;

    /** @param arrivals nanoseconds from now, ascending, one for each request */
    MixedRun(ContinuousBatch batch, List<BenchRequest> requests, long[] arrivals) {
        this.batch = batch;
        this.requests = requests;
        this.arrivals = arrivals;
        this.latencies = new long[arrivals.length];
    }

    /** Lets each request enter as soon as there is a place; returns the seconds it took. */
    double continuous() {
        while (arrived < arrivals.length || !batch.isIdle()) {
            for (; arrived < arrivals.length && arrivals[arrived] <= now(); arrived++) {
                submit(arrived, requests.get(arrived));
            }
            if (batch.isIdle()) {
                await(arrivals[arrived]);
            } else {
                batch.step();
                takeAnswers(now());
            }
        }
        return now() * 1e-9;
    }

    /** Batches of {@code size} requests, or of those that are left, one after the other; returns the seconds it took. */
    double inBatches(int size, boolean padded) {
        List<Integer> waiting = new ArrayList<>();
        while (arrived < arrivals.length || !waiting.isEmpty()) {
            for (; arrived < arrivals.length && arrivals[arrived] <= now(); arrived++) {
                waiting.add(arrived);
            }
            if (waiting.size() < size && arrived < arrivals.length) {
                await(arrivals[arrived]);
                continue;
            }
            waiting.sort(Comparator.comparingInt(i -> requests.get(i).promptTokenIds().length));
            List<Integer> together = waiting.subList(0, Math.min(size, waiting.size()));
            if (padded) {
                completePadded(together);
            } else {
                together.forEach(i -> submit(i, requests.get(i)));
                while (batch.step()) {
                    takeAnswers(now());
                }
            }
            together.clear();
        }
        return now() * 1e-9;
    }

    /** As a tensor of fixed shape: all as long as the longest, and no answer before the last one. */
    private void completePadded(List<Integer> together) {
        int prompt = together.stream()
                .mapToInt(i -> requests.get(i).promptTokenIds().length)
                .max()
                .orElseThrow();
        int output = together.stream()
                .mapToInt(i -> requests.get(i).parameters().maxTokens())
                .max()
                .orElseThrow();
        for (int i : together) {
            // What the padding is makes no difference to the time.
            submit(i, BenchRequest.greedy(Arrays.copyOf(requests.get(i).promptTokenIds(), prompt), output));
        }
        while (batch.step()) {
            // to the end of the longest
        }
        takeAnswers(now());
    }

    private void submit(int number, BenchRequest request) {
        numbers.put(request.submitTo(batch), number);
    }

    private void takeAnswers(long now) {
        for (RequestGroup ended = batch.poll(); ended != null; ended = batch.poll()) {
            int number = numbers.remove(Engine.requireCompleted(ended));
            latencies[number] = now - arrivals[number];
        }
    }

    private long now() {
        return System.nanoTime() - start;
    }

    private void await(long until) {
        for (long left = until - now(); left > 0; left = until - now()) {
            LockSupport.parkNanos(this, left);
            if (Thread.currentThread().isInterrupted()) {
                throw new IllegalStateException("interrupted while waiting for requests to arrive");
            }
        }
    }

    /** Returns the time from arrival to answer that this share of the requests did not exceed, in seconds. */
    double latency(double share) {
        long[] sorted = latencies.clone();
        Arrays.sort(sorted);
        return sorted[Math.max(0, (int) Math.ceil(share * sorted.length) - 1)] * 1e-9;
    }
}
