package io.flinkgpt2.cli.bench;

import io.flinkgpt2.benchmark.AttentionScenario;
import io.flinkgpt2.benchmark.FeatureScenario;
import io.flinkgpt2.benchmark.LoadScenario;
import io.flinkgpt2.benchmark.MachineLimits;
import io.flinkgpt2.benchmark.MixedScenario;
import io.flinkgpt2.benchmark.PrefixScenario;
import java.util.List;
import java.util.Optional;

/**
 * All that a run of {@code bench} found. What its scenario does not measure is empty.
 *
 * @param limits of the machine, the larger of before and after
 */
record BenchResults(
        MachineLimits limits,
        List<BenchRun> runs,
        List<MixedScenario.Result> mixed,
        List<AttentionScenario.Result> attention,
        List<FeatureScenario.Result> features,
        Optional<PrefixScenario.Result> prefix,
        Optional<LoadScenario.Result> load,
        Optional<String> nativeMemory) {

    /** Returns whether a throughput comes so near to the peak that the peak, or the throughput, must be wrong. */
    boolean misMeasured() {
        return runs.stream().anyMatch(run -> !limits.isCredible(run.gflops()));
    }

    /**
     * Returns how many times the tokens a second of the better form of static batching; of the padded one if {@code padded}.
     */
    double continuousOverStatic(boolean padded) {
        double other = mixed.stream()
                .filter(result -> result.batching()
                        == (padded ? MixedScenario.Batching.STATIC_PADDED : MixedScenario.Batching.STATIC_LEAVING))
                .mapToDouble(MixedScenario.Result::tokensPerSecond)
                .max()
                .orElseThrow();
        return mixed.stream()
                        .filter(result -> result.batching() == MixedScenario.Batching.CONTINUOUS)
                        .mapToDouble(MixedScenario.Result::tokensPerSecond)
                        .max()
                        .orElseThrow()
                / other;
    }
}
