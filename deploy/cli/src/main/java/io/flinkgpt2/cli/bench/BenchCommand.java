package io.flinkgpt2.cli.bench;

import io.flinkgpt2.benchmark.AttentionScenario;
import io.flinkgpt2.benchmark.EngineOptions;
import io.flinkgpt2.benchmark.EngineRun;
import io.flinkgpt2.benchmark.Engines;
import io.flinkgpt2.benchmark.FeatureScenario;
import io.flinkgpt2.benchmark.LoadScenario;
import io.flinkgpt2.benchmark.MachineLimits;
import io.flinkgpt2.benchmark.MixedScenario;
import io.flinkgpt2.benchmark.ModelWork;
import io.flinkgpt2.benchmark.PrefixScenario;
import io.flinkgpt2.benchmark.ReadLimit;
import io.flinkgpt2.benchmark.Workload;
import io.flinkgpt2.cli.common.OutputFormat;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.tensor.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench}: what the engine does on this machine, beside what the machine can do at most. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = {
            "Measures this machine's limits (fused multiply-adds of float32 in registers, reads from memory), then the engine,"
                    + " driven as the job drives it, and prints both with the share of the limit that is reached.",
            "Requests are greedy, but for scenario features, and ignore end of text; prompts are random ids. Each figure is that of the repeat with the"
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
            "  features   fields of requests, each in turns with greedy requests without it: top_p 0.9; logprobs 5; presence,"
                    + " frequency and repetition penalty with no_repeat_ngram_size 3; a stop string that never occurs; a JSON"
                    + " schema, once its masks are cached; and n 4 against four requests of the same prompt, of four times"
                    + " --prompt-tokens, with the prefix cache off and on. All generate --new-tokens tokens. Ratios are the"
                    + " median over the repeats",
            "  load       opening --model, whose files are in the page cache"
        })
public final class BenchCommand implements Callable<Integer> {

    private static final long MIB = 1 << 20;

    @Spec
    private CommandSpec spec;

    @Mixin
    private BenchOptions options;

    private final List<BenchRun> runs = new ArrayList<>();
    private final List<MixedScenario.Result> mixed = new ArrayList<>();
    private final List<AttentionScenario.Result> attention = new ArrayList<>();
    private final List<FeatureScenario.Result> features = new ArrayList<>();
    private PrefixScenario.Result prefix;
    private LoadScenario.Result load;

    @Override
    public Integer call() throws IOException, InterruptedException {
        options.check();
        MachineLimits before = limits();
        measure();
        Optional<String> tracked = options.nativeMemory ? Optional.of(ProcessMemory.nativeMemory()) : Optional.empty();
        BenchResults results = new BenchResults(
                before.larger(limits()),
                runs,
                mixed,
                attention,
                features,
                Optional.ofNullable(prefix),
                Optional.ofNullable(load),
                tracked);
        String text = options.output == OutputFormat.JSON ? BenchJson.write(results) + "\n" : BenchTable.write(results);
        spec.commandLine().getOut().print(text);
        spec.commandLine().getOut().flush();
        if (options.chart != null) {
            BenchChart.write(results, options.chart);
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

    private MachineLimits limits() {
        MachineLimits limits = MachineLimits.measure(options.engines * options.threads, options.readMib * MIB);
        // The memory that was read is to be the model's.
        System.gc();
        return limits;
    }

    private void measure() throws IOException, InterruptedException {
        if (options.scenario == BenchOptions.Scenario.LOAD) {
            load = LoadScenario.run(
                    Path.of(options.model), BenchOptions.loadOptions(options.precisions.get(0)), options.repeats);
            return;
        }
        for (Precision precision : options.precisions) {
            Pretrained pretrained = options.open(precision);
            switch (options.scenario) {
                case GRID -> grid(pretrained);
                case MIXED ->
                    mixed.addAll(new MixedScenario(
                                    pretrained,
                                    options.engineOptions(options.most(), false),
                                    options.requestsOr(128),
                                    options.seed)
                            .run(options.streams, options.repeats));
                case ATTENTION -> attention(pretrained);
                case PREFIX ->
                    prefix = PrefixScenario.run(
                            pretrained,
                            options.engineOptions(options.most(), true),
                            options.workload(options.requestsOr(256), pretrained),
                            options.repeats);
                case FEATURES -> features(pretrained);
                case LOAD -> throw new AssertionError("loading opens the model itself");
            }
        }
    }

    private void grid(Pretrained pretrained) throws InterruptedException {
        ModelWork work = ModelWork.of(pretrained.weights());
        for (int n : options.streams) {
            Workload workload = options.workload(n, pretrained);
            EngineOptions engine = options.engineOptions(n, options.prefixShare > 0);
            try (Engines side = new Engines(pretrained, engine, workload.context())) {
                EngineRun run = side.measure(workload, options.repeats);
                runs.add(new BenchRun(
                        options.model,
                        pretrained.precision(),
                        engine,
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
        options.positions.forEach(position ->
                options.require(position >= 0 && position < context, "--positions", position, "0.." + (context - 1)));
        ReadLimit limit = new ReadLimit(options.threads, options.readMib * MIB);
        // At an early position first, for the compiler.
        AttentionScenario.run(
                pretrained, options.most(), Math.min(32, context - 1), options.threads, limit, 2 * options.repeats);
        for (int position : options.positions) {
            attention.add(AttentionScenario.run(
                    pretrained, options.most(), position, options.threads, limit, options.repeats));
        }
    }

    private void features(Pretrained pretrained) {
        pretrained.tokenizer().refusalOfText().ifPresent(refusal -> {
            throw new ParameterException(
                    spec.commandLine(),
                    "--model: found " + options.model + ", expected a model that takes text with --scenario features; "
                            + refusal + ".");
        });
        features.addAll(FeatureScenario.run(
                pretrained,
                options.engineOptions(options.most(), false),
                options.featureWorkload(pretrained),
                options.repeats));
    }
}
