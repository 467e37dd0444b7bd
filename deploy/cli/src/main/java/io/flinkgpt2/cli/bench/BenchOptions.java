package io.flinkgpt2.cli.bench;

import io.flinkgpt2.benchmark.EngineOptions;
import io.flinkgpt2.benchmark.FeatureScenario;
import io.flinkgpt2.benchmark.Workload;
import io.flinkgpt2.cli.common.OutputFormat;
import io.flinkgpt2.model.PublishedModel;
import io.flinkgpt2.pretrained.LoadOptions;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.tensor.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of {@code bench}. */
final class BenchOptions {

    /** A kind of measurement. */
    enum Scenario {
        GRID,
        MIXED,
        ATTENTION,
        PREFIX,
        FEATURES,
        LOAD
    }

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--scenario",
            defaultValue = "grid",
            paramLabel = "NAME",
            description = "grid, mixed, attention, prefix, features or load (default: ${DEFAULT-VALUE}).")
    Scenario scenario;

    @Option(
            names = "--model",
            defaultValue = "gpt2",
            paramLabel = "MODEL",
            description =
                    "A published size (distilgpt2, gpt2, gpt2-medium, gpt2-large, gpt2-xl), made in memory with random"
                            + " weights; or a directory or file (default: ${DEFAULT-VALUE}).")
    String model;

    @Option(
            names = "--seed",
            defaultValue = "0",
            description = "Seed of the random weights and prompts (default: ${DEFAULT-VALUE}).")
    long seed;

    @Option(
            names = "--precision",
            split = ",",
            defaultValue = "f32",
            paramLabel = "P",
            description = "Precision of the weights in memory: f32, bf16, int8 (default: ${DEFAULT-VALUE}).")
    List<Precision> precisions;

    @Option(
            names = "--streams",
            split = ",",
            defaultValue = "1,8,16,32",
            paramLabel = "N",
            description =
                    "Concurrent sequences of each engine (default: ${DEFAULT-VALUE}). Only the grid uses all values; the"
                            + " other scenarios use the largest.")
    List<Integer> streams;

    @Option(
            names = "--prompt-tokens",
            defaultValue = "32",
            paramLabel = "N",
            description = "Tokens of each prompt (default: ${DEFAULT-VALUE}).")
    int promptTokens;

    @Option(
            names = "--new-tokens",
            defaultValue = "64",
            paramLabel = "N",
            description = "Tokens to generate for each prompt (default: ${DEFAULT-VALUE}).")
    int newTokens;

    @Option(
            names = "--prefix-share",
            defaultValue = "0",
            paramLabel = "S",
            description =
                    "Share of each prompt that all have in common, 0..1, rounded to tokens; above 0 the prefix cache is"
                            + " on (default: ${DEFAULT-VALUE}).")
    double prefixShare;

    @Option(
            names = "--engines",
            defaultValue = "1",
            paramLabel = "N",
            description = "Batches side by side over one copy of the weights, as the slots of a TaskManager (default:"
                    + " ${DEFAULT-VALUE}).")
    int engines;

    @Option(
            names = "--threads",
            defaultValue = "1",
            paramLabel = "N",
            description = "Threads that share each step of an engine (default: ${DEFAULT-VALUE}).")
    int threads;

    @Option(
            names = "--prefill-chunk",
            defaultValue = "128",
            paramLabel = "N",
            description = "Maximum number of prompt tokens in one step (default: ${DEFAULT-VALUE}).")
    int prefillChunk;

    @Option(
            names = "--requests",
            paramLabel = "N",
            description = "Number of requests (default: 128 in scenario mixed, 256 in scenario prefix).")
    Integer requests;

    @Option(
            names = "--positions",
            split = ",",
            defaultValue = "256,512,1000",
            paramLabel = "N",
            description = "Positions to measure in scenario attention (default: ${DEFAULT-VALUE}).")
    List<Integer> positions;

    @Option(
            names = "--repeats",
            defaultValue = "5",
            paramLabel = "N",
            description = "Measured runs of each setting (default: ${DEFAULT-VALUE}).")
    int repeats;

    @Option(
            names = "--read-mib",
            defaultValue = "256",
            paramLabel = "N",
            description =
                    "Memory that is read to measure the bandwidth; many times the caches (default: ${DEFAULT-VALUE}).")
    int readMib;

    @Option(
            names = "--chart",
            paramLabel = "FILE.svg",
            description = "Draws the grid: tokens a second while decoding, over streams, with the roofline.")
    Path chart;

    @Option(
            names = "--native-memory",
            description = "Prints the JVM's native memory tracking in the end; needs"
                    + " FLINK_GPT2_JAVA_OPTS=-XX:NativeMemoryTracking=summary.")
    boolean nativeMemory;

    @Option(names = "--output", defaultValue = "text", description = "text or json (default: text).")
    OutputFormat output;

    /** @throws ParameterException if an option is out of range, or does not go with the scenario */
    void check() {
        require(repeats >= 1, "--repeats", repeats, "1 or more");
        require(readMib >= 1, "--read-mib", readMib, "1 or more");
        require(prefixShare >= 0 && prefixShare <= 1, "--prefix-share", prefixShare, "0..1");
        require(chart == null || scenario == Scenario.GRID, "--chart", chart, "none but with --scenario grid");
        require(
                scenario == Scenario.GRID || precisions.size() == 1,
                "--precision",
                precisions,
                "one precision, but with --scenario grid");
        require(requests == null || requests >= 1, "--requests", requests, "1 or more");
        require(engines >= 1, "--engines", engines, "1 or more");
        require(threads >= 1, "--threads", threads, "1 or more");
        require(prefillChunk >= 1, "--prefill-chunk", prefillChunk, "1 or more");
        require(promptTokens >= 1, "--prompt-tokens", promptTokens, "1 or more");
        require(newTokens >= 1, "--new-tokens", newTokens, "1 or more");
        streams.forEach(n -> require(n >= 1, "--streams", n, "1 or more"));
        boolean published = published().isPresent();
        require(scenario != Scenario.LOAD || !published, "--model", model, "a directory or file with --scenario load");
        boolean several = scenario == Scenario.GRID || scenario == Scenario.PREFIX;
        require(several || engines == 1, "--engines", engines, "1 but with the scenarios grid and prefix");
    }

    void require(boolean holds, String option, Object found, String expected) {
        if (!holds) {
            throw new ParameterException(
                    spec.commandLine(), option + ": found " + found + ", expected " + expected + ".");
        }
    }

    int requestsOr(int otherwise) {
        return requests == null ? otherwise : requests;
    }

    /** Returns the most sequences together. */
    int most() {
        return streams.stream().mapToInt(Integer::intValue).max().orElseThrow();
    }

    Workload workload(int count, Pretrained pretrained) {
        requireContext(promptTokens, pretrained, "together at most ");
        return new Workload(count, promptTokens, newTokens, (int) Math.round(prefixShare * promptTokens), seed);
    }

    /** Returns the workload of scenario features, whose prompts with several choices are longer. */
    Workload featureWorkload(Pretrained pretrained) {
        Workload workload = new Workload(most(), promptTokens, newTokens, 0, seed);
        requireContext(
                FeatureScenario.context(workload) - newTokens,
                pretrained,
                "four times the one and the other together at most ");
        return workload;
    }

    private void requireContext(long longestPrompt, Pretrained pretrained, String bound) {
        int context = pretrained.config().contextLength();
        require(
                longestPrompt + newTokens <= context,
                "--prompt-tokens and --new-tokens",
                promptTokens + " and " + newTokens,
                bound + context + ", the model's context");
    }

    EngineOptions engineOptions(int batchSize, boolean prefixCache) {
        return new EngineOptions(engines, threads, batchSize, prefillChunk, prefixCache);
    }

    private Optional<PublishedModel> published() {
        return PublishedModel.named(model);
    }

    static LoadOptions loadOptions(Precision precision) {
        return LoadOptions.defaults().withPrecision(precision);
    }

    Pretrained open(Precision precision) throws IOException {
        Optional<PublishedModel> published = published();
        return published.isPresent()
                ? Pretrained.random(published.get().config(), seed, loadOptions(precision))
                : Pretrained.open(Path.of(model), loadOptions(precision));
    }
}
