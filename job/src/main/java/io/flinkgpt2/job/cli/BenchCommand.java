package io.flinkgpt2.job.cli;

import io.flinkgpt2.benchmark.AttentionScenario;
import io.flinkgpt2.benchmark.EngineOptions;
import io.flinkgpt2.benchmark.EngineRun;
import io.flinkgpt2.benchmark.Engines;
import io.flinkgpt2.benchmark.LoadScenario;
import io.flinkgpt2.benchmark.MixedScenario;
import io.flinkgpt2.benchmark.ModelWork;
import io.flinkgpt2.benchmark.PrefixScenario;
import io.flinkgpt2.benchmark.Workload;
import io.flinkgpt2.generation.LoadOptions;
import io.flinkgpt2.generation.Pretrained;
import io.flinkgpt2.model.PublishedModel;
import io.flinkgpt2.tensor.MachineLimits;
import io.flinkgpt2.tensor.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench}: what the engine does on this machine, beside what the machine can do at most. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = {
            "Measures this machine's limits (fused multiply-adds of float32 in registers, reads from memory), then the engine,"
                    + " driven as the job drives it, and prints both with the share of the limit that is reached.",
            "Requests are greedy and ignore end of text; prompts are random ids. Each figure is that of the repeat with the"
                    + " median time, after a run that is thrown away.",
            "GFLOP/s: two operations for each parameter of a matrix and row, of the LM head only for rows that sample, over"
                    + " the whole wall time. GB/s: the weights, once for each step that only decodes, over the time of those"
                    + " steps. RSS: the most so far in this process, so measure memory with a process for each setting."
                    + " B/token: allocated on the Java heap while only decoding.",
            "ids_sha256: over a line of ASCII for each stream, ended by a line feed, with its generated ids in decimal and"
                    + " commas between them.",
            "If a throughput passes 95 %% of the measured peak, one of the two is wrong: the run is declared mis-measured, and"
                    + " the exit code is 1.",
            "Scenarios:",
            "  grid       each of --precision with each of --streams",
            "  mixed      prompts of 5 to 200 tokens, outputs of 8 to 128, arriving over time: continuous batching, and static"
                    + " batching sorted by the prompt's length with the best of the batch sizes --streams",
            "  attention  keys and values read a second by the attention of a decode step, at --positions",
            "  prefix     prompts that begin alike (--prefix-share), with the prefix cache and without",
            "  load       opening --model, whose files are in the page cache"
        })
final class BenchCommand implements Callable<Integer> {

    private static final long MIB = 1 << 20;

    /** What is measured. */
    enum Scenario {
        GRID,
        MIXED,
        ATTENTION,
        PREFIX,
        LOAD
    }

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--scenario",
            defaultValue = "grid",
            paramLabel = "NAME",
            description = "grid, mixed, attention, prefix or load (default: ${DEFAULT-VALUE}).")
    private Scenario scenario;

    @Option(
            names = "--model",
            defaultValue = "gpt2",
            paramLabel = "MODEL",
            description =
                    "A published size (distilgpt2, gpt2, gpt2-medium, gpt2-large, gpt2-xl), made in memory with random"
                            + " weights; or a directory or file (default: ${DEFAULT-VALUE}).")
    private String model;

    @Option(
            names = "--seed",
            defaultValue = "0",
            description = "Of random weights and prompts (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--precision",
            split = ",",
            defaultValue = "f32",
            paramLabel = "P",
            description = "How weights are kept: f32, bf16, int8 (default: ${DEFAULT-VALUE}).")
    private List<Precision> precisions;

    @Option(
            names = "--streams",
            split = ",",
            defaultValue = "1,8,16,32",
            paramLabel = "N",
            description =
                    "Sequences together, of each engine (default: ${DEFAULT-VALUE}). Scenarios but the grid take the"
                            + " largest.")
    private List<Integer> streams;

    @Option(
            names = "--prompt-tokens",
            defaultValue = "32",
            paramLabel = "N",
            description = "Of each prompt (default: ${DEFAULT-VALUE}).")
    private int promptTokens;

    @Option(
            names = "--new-tokens",
            defaultValue = "64",
            paramLabel = "N",
            description = "To generate for each (default: ${DEFAULT-VALUE}).")
    private int newTokens;

    @Option(
            names = "--prefix-share",
            defaultValue = "0",
            paramLabel = "S",
            description =
                    "Share of each prompt that all have in common, 0..1, rounded to tokens; above 0 the prefix cache is"
                            + " on (default: ${DEFAULT-VALUE}).")
    private double prefixShare;

    @Option(
            names = "--engines",
            defaultValue = "1",
            paramLabel = "N",
            description = "Batches side by side over one copy of the weights, as the slots of a TaskManager (default:"
                    + " ${DEFAULT-VALUE}).")
    private int engines;

    @Option(
            names = "--threads",
            defaultValue = "1",
            paramLabel = "N",
            description = "That share the steps of an engine (default: ${DEFAULT-VALUE}).")
    private int threads;

    @Option(
            names = "--prefill-chunk",
            defaultValue = "128",
            paramLabel = "N",
            description = "The most prompt tokens of a step (default: ${DEFAULT-VALUE}).")
    private int prefillChunk;

    @Option(
            names = "--requests",
            paramLabel = "N",
            description = "Of the scenarios mixed (default: 128) and prefix (default: 256).")
    private Integer requests;

    @Option(
            names = "--positions",
            split = ",",
            defaultValue = "256,512,1000",
            paramLabel = "N",
            description = "Of the scenario attention (default: ${DEFAULT-VALUE}).")
    private List<Integer> positions;

    @Option(
            names = "--repeats",
            defaultValue = "5",
            paramLabel = "N",
            description = "Measured runs of each setting (default: ${DEFAULT-VALUE}).")
    private int repeats;

    @Option(
            names = "--read-mib",
            defaultValue = "256",
            paramLabel = "N",
            description =
                    "Memory that is read to measure the bandwidth; many times the caches (default: ${DEFAULT-VALUE}).")
    private int readMib;

    @Option(
            names = "--chart",
            paramLabel = "FILE.svg",
            description = "Draws the grid: tokens a second while decoding, over streams, with the roofline.")
    private Path chart;

    @Option(
            names = "--native-memory",
            description = "Prints the JVM's native memory tracking in the end; needs"
                    + " FLINK_GPT2_JAVA_OPTS=-XX:NativeMemoryTracking=summary.")
    private boolean nativeMemory;

    @Option(names = "--output", defaultValue = "text", description = "text or json (default: text).")
    private OutputFormat output;

    private final List<BenchRun> runs = new ArrayList<>();
    private final List<MixedScenario.Result> mixed = new ArrayList<>();
    private final List<AttentionScenario.Result> attention = new ArrayList<>();
    private PrefixScenario.Result prefix;
    private LoadScenario.Result load;

    @Override
    public Integer call() throws IOException, InterruptedException {
        check();
        MachineLimits before = limits();
        measure();
        Optional<String> tracked = nativeMemory ? Optional.of(ProcessMemory.nativeMemory()) : Optional.empty();
        BenchResults results = new BenchResults(
                before.larger(limits()),
                runs,
                mixed,
                attention,
                Optional.ofNullable(prefix),
                Optional.ofNullable(load),
                tracked);
        String text = output == OutputFormat.JSON ? BenchJson.write(results) + "\n" : BenchTable.write(results);
        spec.commandLine().getOut().print(text);
        spec.commandLine().getOut().flush();
        if (chart != null) {
            BenchChart.write(results, chart);
        }
        if (results.misMeasured()) {
            spec.commandLine()
                    .getErr()
                    .printf(
                            "Mis-measured: a run passes %.0f %% of the %.1f GFLOP/s that were measured as the peak, which no"
                                    + " kernel does; let the machine do nothing else and measure again.%n",
                            100 * MachineLimits.MOST_CREDIBLE_SHARE,
                            results.limits().fmaGflops());
            return 1;
        }
        return 0;
    }

    private void check() {
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

    private void require(boolean holds, String option, Object found, String expected) {
        if (!holds) {
            throw new ParameterException(
                    spec.commandLine(), option + ": found " + found + ", expected " + expected + ".");
        }
    }

    private MachineLimits limits() {
        MachineLimits limits = MachineLimits.measure(engines * threads, readMib * MIB);
        // The memory that was read is to be the model's.
        System.gc();
        return limits;
    }

    private void measure() throws IOException, InterruptedException {
        if (scenario == Scenario.LOAD) {
            load = LoadScenario.run(Path.of(model), options(precisions.get(0)), repeats);
            return;
        }
        for (Precision precision : precisions) {
            Pretrained pretrained = open(precision);
            switch (scenario) {
                case GRID -> grid(pretrained);
                case MIXED ->
                    mixed.addAll(
                            new MixedScenario(pretrained, engineOptions(most(), false), orElse(requests, 128), seed)
                                    .run(streams, repeats));
                case ATTENTION -> attention(pretrained);
                case PREFIX ->
                    prefix = PrefixScenario.run(
                            pretrained,
                            engineOptions(most(), true),
                            workload(orElse(requests, 256), pretrained),
                            repeats);
                case LOAD -> throw new AssertionError("loading opens the model itself");
            }
        }
    }

    private static int orElse(Integer value, int otherwise) {
        return value == null ? otherwise : value;
    }

    private int most() {
        return streams.stream().mapToInt(Integer::intValue).max().orElseThrow();
    }

    private void grid(Pretrained pretrained) throws InterruptedException {
        ModelWork work = ModelWork.of(pretrained.weights());
        for (int n : streams) {
            Workload workload = workload(n, pretrained);
            EngineOptions options = engineOptions(n, prefixShare > 0);
            try (Engines side = new Engines(pretrained, options, workload.context())) {
                EngineRun run = side.measure(workload, repeats);
                runs.add(new BenchRun(
                        model,
                        pretrained.precision(),
                        options,
                        workload,
                        work,
                        run,
                        ProcessMemory.peakBytes(),
                        ProcessMemory.heapBytes()));
            }
        }
    }

    private void attention(Pretrained pretrained) {
        int context = pretrained.config().contextLength();
        positions.forEach(position ->
                require(position >= 0 && position < context, "--positions", position, "0.." + (context - 1)));
        // At an early position first, for the compiler.
        AttentionScenario.run(pretrained, most(), Math.min(32, context - 1), threads, 2 * repeats);
        for (int position : positions) {
            attention.add(AttentionScenario.run(pretrained, most(), position, threads, repeats));
        }
    }

    private Workload workload(int count, Pretrained pretrained) {
        int context = pretrained.config().contextLength();
        require(
                (long) promptTokens + newTokens <= context,
                "--prompt-tokens and --new-tokens",
                promptTokens + " and " + newTokens,
                "together at most " + context + ", the model's context");
        return new Workload(count, promptTokens, newTokens, (int) Math.round(prefixShare * promptTokens), seed);
    }

    private EngineOptions engineOptions(int batchSize, boolean prefixCache) {
        return new EngineOptions(engines, threads, batchSize, prefillChunk, prefixCache);
    }

    private Optional<PublishedModel> published() {
        return Arrays.stream(PublishedModel.values())
                .filter(size -> size.modelName().equals(model))
                .findFirst();
    }

    private static LoadOptions options(Precision precision) {
        return LoadOptions.defaults().withPrecision(precision);
    }

    private Pretrained open(Precision precision) throws IOException {
        Optional<PublishedModel> published = published();
        return published.isPresent()
                ? Pretrained.random(published.get().config(), seed, options(precision))
                : Pretrained.open(Path.of(model), options(precision));
    }
}
