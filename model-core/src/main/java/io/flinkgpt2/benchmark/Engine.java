package io.flinkgpt2.benchmark;

import com.sun.management.ThreadMXBean;
import io.flinkgpt2.generation.BatchMetrics;
import io.flinkgpt2.generation.BatchOptions;
import io.flinkgpt2.generation.Completion;
import io.flinkgpt2.generation.ContinuousBatch;
import io.flinkgpt2.generation.RequestGroup;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.tensor.Workers;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;

/** A batch as the job drives one, which takes the time of its steps. For one thread at a time. */
final class Engine implements AutoCloseable {

    private final ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final Pretrained pretrained;
    private final BatchOptions options;
    private final Workers workers;
    private ContinuousBatch batch;

    /** @param context the most tokens of prompt and completion together */
    Engine(Pretrained pretrained, EngineOptions options, int context) {
        this.pretrained = pretrained;
        BatchOptions roomy =
                BatchOptions.roomy(pretrained.config(), context, options.batchSize(), options.prefillChunk());
        this.options = options.prefixCache() ? roomy : roomy.withPrefixCacheBytes(0);
        this.workers = new Workers(options.threads());
        forget();
    }

    ContinuousBatch batch() {
        return batch;
    }

    /** Begins again with nothing in the prefix cache; without one there is nothing to forget, and memory is kept. */
    void forget() {
        if (batch == null || options.prefixCacheBytes() > 0) {
            batch = new ContinuousBatch(
                    pretrained.model(), pretrained.tokenizer(), options, workers, pretrained.constraints());
        }
    }

    /** Completes all requests, which wait from the start. */
    EngineRun run(List<BenchRequest> requests) {
        BatchMetrics metrics = batch.metrics();
        long rows = metrics.rows();
        long generated = metrics.generatedTokens();
        long cached = metrics.cachedTokens();
        IdentityHashMap<RequestGroup, Integer> numbers = new IdentityHashMap<>();
        int[][][] ids = new int[requests.size()][][];
        long decodeSteps = 0;
        long decodeNanos = 0;
        long decodeTokens = 0;
        long allocated = 0;
        long kvBytes = 0;
        long start = System.nanoTime();
        for (int i = 0; i < requests.size(); i++) {
            numbers.put(requests.get(i).submitTo(batch), i);
        }
        long bytesBefore = allocatedBytes();
        long before = System.nanoTime();
        while (batch.step()) {
            long now = System.nanoTime();
            long bytes = allocatedBytes();
            RequestGroup ended = batch.poll();
            if (metrics.lastStepPromptRows() == 0) {
                decodeSteps++;
                decodeNanos += now - before;
                decodeTokens += metrics.lastStepRows();
                allocated += ended == null ? bytes - bytesBefore : 0;
            }
            kvBytes = Math.max(kvBytes, metrics.kvBytesUsed());
            for (; ended != null; ended = batch.poll()) {
                ids[numbers.get(ended)] = requireCompleted(ended).completions().stream()
                        .map(Completion::tokenIds)
                        .toArray(int[][]::new);
            }
            bytesBefore = allocatedBytes();
            before = System.nanoTime();
        }
        double seconds = (System.nanoTime() - start) * 1e-9;
        return new EngineRun(
                seconds,
                metrics.rows() - rows,
                metrics.generatedTokens() - generated,
                metrics.cachedTokens() - cached,
                decodeSteps,
                decodeNanos * 1e-9,
                decodeTokens,
                allocated,
                kvBytes,
                Arrays.stream(ids).flatMap(Arrays::stream).toList());
    }

    private long allocatedBytes() {
        return thread.getThreadAllocatedBytes(Thread.currentThread().getId());
    }

    /**
     * Returns the request.
     *
     * @throws IllegalStateException if it failed
     */
    static RequestGroup requireCompleted(RequestGroup ended) {
        if (ended.failure() != null) {
            throw new IllegalStateException("a request failed, so there is nothing to measure", ended.failure());
        }
        return ended;
    }

    @Override
    public void close() {
        workers.close();
    }
}
