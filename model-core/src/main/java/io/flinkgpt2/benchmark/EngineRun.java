package io.flinkgpt2.benchmark;

import java.util.List;
import java.util.stream.Stream;

/**
 * A run of engines over a workload, from the first request's submission to the last one's end.
 *
 * @param seconds wall time
 * @param rows tokens that went through the model, prompts included
 * @param generatedTokens tokens that were sampled
 * @param cachedTokens tokens of prompts that the prefix cache had
 * @param decodeSteps steps without any prompt
 * @param decodeSeconds their time; of several engines, the mean
 * @param decodeTokens tokens that they brought forth
 * @param decodeAllocatedBytes what the driving threads allocated on the Java heap in those of them in which no sequence ended
 * @param kvBytes the most bytes of KV cache in use, all engines together
 * @param ids the generated ids of each choice, in the order of the requests
 */
public record EngineRun(
        double seconds,
        long rows,
        long generatedTokens,
        long cachedTokens,
        long decodeSteps,
        double decodeSeconds,
        long decodeTokens,
        long decodeAllocatedBytes,
        long kvBytes,
        List<int[]> ids) {

    public EngineRun {
        ids = List.copyOf(ids);
    }

    /** Engines that ran side by side. */
    static EngineRun together(double seconds, List<EngineRun> engines) {
        return new EngineRun(
                seconds,
                engines.stream().mapToLong(EngineRun::rows).sum(),
                engines.stream().mapToLong(EngineRun::generatedTokens).sum(),
                engines.stream().mapToLong(EngineRun::cachedTokens).sum(),
                engines.stream().mapToLong(EngineRun::decodeSteps).sum(),
                engines.stream().mapToDouble(EngineRun::decodeSeconds).average().orElse(0),
                engines.stream().mapToLong(EngineRun::decodeTokens).sum(),
                engines.stream().mapToLong(EngineRun::decodeAllocatedBytes).sum(),
                engines.stream().mapToLong(EngineRun::kvBytes).sum(),
                engines.stream().flatMap(run -> run.ids().stream()).toList());
    }

    /** Generated tokens a second, over the whole time. */
    public double tokensPerSecond() {
        return generatedTokens / seconds;
    }

    /** Generated tokens a second while no prompt was computed; 0 without such steps. */
    public double decodeTokensPerSecond() {
        return decodeSeconds == 0 ? 0 : decodeTokens / decodeSeconds;
    }

    /** Returns the arithmetic of the matrix products over the whole time, in 10^9 operations a second. */
    public double gflops(ModelWork work) {
        return work.operations(rows, generatedTokens) / seconds * 1e-9;
    }

    /** Weights read in decode steps, in 10^9 bytes a second, if each step reads them once; 0 without such steps. */
    public double readGbPerSecond(ModelWork work) {
        return decodeSeconds == 0 ? 0 : (double) decodeSteps * work.matrixBytes() / decodeSeconds * 1e-9;
    }

    /** {@link IdsChecksum} of the ids. */
    public String idsSha256() {
        return IdsChecksum.sha256(ids);
    }

    /** Returns the run with the median time; of an even number, the slower of the middle two. */
    static EngineRun median(Stream<EngineRun> runs) {
        List<EngineRun> sorted =
                runs.sorted((a, b) -> Double.compare(a.seconds, b.seconds)).toList();
        return sorted.get(sorted.size() / 2);
    }
}
