package io.flinkgpt2.benchmark;

import io.flinkgpt2.pretrained.Pretrained;

/** Prompts that begin alike, with the prefix cache and without. */
public final class PrefixScenario {

    private PrefixScenario() {}

    /**
     * The outcome; the ids were the same with and without.
     *
     * @param cached with the prefix cache
     * @param computed with every prompt computed
     */
    public record Result(EngineRun cached, EngineRun computed) {
        /** Returns how many times the throughput. */
        public double speedup() {
            return computed.seconds() / cached.seconds();
        }
    }

    /**
     * Measures both.
     *
     * @throws IllegalStateException if the two give different ids
     */
    public static Result run(Pretrained pretrained, EngineOptions options, Workload workload, int repeats)
            throws InterruptedException {
        EngineRun cached = measure(pretrained, options, true, workload, repeats);
        EngineRun computed = measure(pretrained, options, false, workload, repeats);
        if (!cached.idsSha256().equals(computed.idsSha256())) {
            throw new IllegalStateException("the ids with the prefix cache differ from those without, expected the same"
                    + " ones; the prefix cache is wrong");
        }
        return new Result(cached, computed);
    }

    private static EngineRun measure(
            Pretrained pretrained, EngineOptions options, boolean prefixCache, Workload workload, int repeats)
            throws InterruptedException {
        EngineOptions with = new EngineOptions(
                options.engines(), options.threads(), options.batchSize(), options.prefillChunk(), prefixCache);
        try (Engines engines = new Engines(pretrained, with, workload.context())) {
            return engines.measure(workload, repeats);
        }
    }
}
