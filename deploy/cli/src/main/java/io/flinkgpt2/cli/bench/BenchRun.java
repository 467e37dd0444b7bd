package io.flinkgpt2.cli.bench;

import io.flinkgpt2.benchmark.EngineOptions;
import io.flinkgpt2.benchmark.EngineRun;
import io.flinkgpt2.benchmark.ModelWork;
import io.flinkgpt2.benchmark.Workload;
import io.flinkgpt2.tensor.Precision;
import java.util.OptionalLong;

/**
 * One line of the table of {@code bench}.
 *
 * @param model its name or path
 * @param workload of each engine
 * @param peakBytes the process's peak of physical memory up to then
 * @param heapBytes the Java heap in use after the run
 */
record BenchRun(
        String model,
        Precision precision,
        EngineOptions options,
        Workload workload,
        ModelWork work,
        EngineRun run,
        OptionalLong peakBytes,
        long heapBytes) {

    double gflops() {
        return run.gflops(work);
    }

    double readGbPerSecond() {
        return run.readGbPerSecond(work);
    }

    /** Streams of all engines. */
    int totalStreams() {
        return options.engines() * workload.streams();
    }

    /**
     * Returns the number of bytes that the driving threads allocate for a token while all sequences decode; 0 without such
     * steps.
     */
    double allocatedBytesPerToken() {
        return run.decodeTokens() == 0 ? 0 : (double) run.decodeAllocatedBytes() / run.decodeTokens();
    }
}
