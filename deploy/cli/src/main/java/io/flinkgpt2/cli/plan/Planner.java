package io.flinkgpt2.cli.plan;

import io.flinkgpt2.job.function.ModelMemory;
import io.flinkgpt2.model.KvBlocks;
import io.flinkgpt2.model.KvCache;
import java.util.Arrays;
import java.util.Locale;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.runtime.clusterframework.TaskExecutorProcessUtils;

/** Makes a plan of a workload and what a token costs. */
final class Planner {

    /** The largest parallelism of a Flink job. */
    static final long MOST_SLOTS = 1 << 15;

    /** The simulation is of no more slots, and no more prompts of a slot, than it takes to see the skew. */
    private static final int MOST_SIMULATED_SLOTS = 4096;

    private static final int MOST_SIMULATED_PROMPTS = 256;

    /** More slots may have a larger largest partition, so the number is looked for more than once. */
    private static final int ROUNDS = 6;

    private final WorkloadOptions options;
    private final PlannedModel model;
    private final CostOptions.Found found;
    private final int maxContext;

    Planner(WorkloadOptions options, PlannedModel model, CostOptions.Found found) {
        this.options = options;
        this.model = model;
        this.found = found;
        this.maxContext = maxContext(options, model);
    }

    /** Returns {@code --max-context}, or both means and three deviations, in whole blocks. */
    static int maxContext(WorkloadOptions options, PlannedModel model) {
        int most = model.config().contextLength();
        int mean = options.promptTokens + options.newTokens;
        options.require(
                mean <= most,
                "--prompt-tokens and --new-tokens",
                options.promptTokens + " and " + options.newTokens,
                "together at most " + most + ", the model's n_positions");
        if (options.maxContext != null) {
            options.require(
                    options.maxContext >= mean && options.maxContext <= most,
                    "--max-context",
                    options.maxContext,
                    mean + ".." + most + ", from the tokens of a prompt and its answer to the model's n_positions");
            return options.maxContext;
        }
        int longest = (int) Math.ceil(Math.min(most, mean * (1 + 3 * options.lengthSkew)));
        return Math.min(most, KvBlocks.blocksFor(longest) * KvCache.BLOCK_POSITIONS);
    }

    Plan plan() {
        double within = options.within().toMillis() / 1e3;
        double mean = lengths().meanSeconds(found.costs());
        double slotSeconds = options.prompts() * mean / options.utilisation;
        long slots = Math.max(1, (long) Math.ceil(slotSeconds / within));
        Plan.Skew skew = skew(slots);
        for (int round = 0; round < ROUNDS && slotSeconds * skew.slowest() > within * slots * (1 + 1e-9); round++) {
            slots = (long) Math.ceil(slotSeconds * skew.slowest() / within);
            skew = skew(slots);
        }
        RecordSizes sizes = RecordSizes.of(
                model.name(), model.precision(), options.promptTokens, options.newTokens, options.bytesPerToken);
        Plan.Cluster cluster = new Plan.Cluster(
                slots,
                options.slotsPerTaskManager,
                (slots + options.slotsPerTaskManager - 1) / options.slotsPerTaskManager,
                slots * options.partitionsPerSlot,
                (slots + MOST_SLOTS - 1) / MOST_SLOTS,
                options.prompts() * mean * skew.slowest() / slots);
        Plan.Kafka kafka = kafka(sizes, within);
        Plan.Checkpoint checkpoint =
                new Plan.Checkpoint(sizes.state(), 2.0 * options.batchSize * slots * sizes.state());
        Plan.Workload workload = new Plan.Workload(
                options.prompts(),
                options.promptTokens,
                options.newTokens,
                model.name(),
                model.precision().name().toLowerCase(Locale.ROOT),
                maxContext,
                options.batchSize,
                within);
        Plan.Throughput throughput = new Plan.Throughput(found.costs(), found.source(), mean, options.newTokens / mean);
        Plan.Memory memory = memory();
        return new Plan(
                workload,
                throughput,
                skew,
                cluster,
                memory,
                kafka,
                checkpoint,
                new Assumptions(options, model, found, cluster).sentences());
    }

    private SkewedWorkload skewed() {
        return new SkewedWorkload(
                options.promptTokens, options.newTokens, maxContext, options.lengthSkew, options.seed);
    }

    /** Returns lengths enough to tell their mean cost; one where all are alike. */
    private Lengths lengths() {
        return skewed().lengths(options.lengthSkew == 0 ? 1 : 100_000);
    }

    private Plan.Skew skew(long slots) {
        if (options.lengthSkew == 0 && options.partitionSkew == 0) {
            return new Plan.Skew(1, 1, 1);
        }
        int simulated = (int) Math.min(MOST_SIMULATED_SLOTS, slots);
        int prompts = (int) Math.max(1, Math.min(MOST_SIMULATED_PROMPTS, options.prompts() / slots));
        SkewSimulation simulation = new SkewSimulation(
                simulated, simulated * options.partitionsPerSlot, prompts, options.batchSize, options.partitionSkew);
        SkewSimulation.Outcome outcome = simulation.run(skewed(), found.costs());
        int[] sizes =
                skewed().partitionSizes(simulation.partitions(), (long) simulated * prompts, options.partitionSkew);
        double largest = Arrays.stream(sizes).max().orElseThrow()
                / Arrays.stream(sizes).average().orElseThrow();
        return new Plan.Skew(outcome.slowestOverMean(), outcome.exchangedOverMean(), largest);
    }

    private Plan.Memory memory() {
        long weights = ModelMemory.weightBytes(model.config(), model.precision());
        long heap = ModelMemory.heapBytes(
                model.config(), model.precision(), maxContext, options.batchSize, options.slotsPerTaskManager);
        Configuration flink = new Configuration();
        flink.set(TaskManagerOptions.TASK_HEAP_MEMORY, new MemorySize(heap));
        flink.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ZERO);
        long process = TaskExecutorProcessUtils.processSpecFromConfig(flink)
                .getTotalProcessMemorySize()
                .getBytes();
        long kvCache = ModelMemory.requireKvCacheShare(
                model.config(), model.precision(), maxContext, heap, options.slotsPerTaskManager);
        return new Plan.Memory(weights, kvCache, heap, process);
    }

    private Plan.Kafka kafka(RecordSizes sizes, double within) {
        double in = (double) options.prompts() * sizes.prompt();
        double out = (double) options.prompts() * sizes.answer();
        return new Plan.Kafka(sizes.prompt(), sizes.answer(), in, out, (in + out) / within, options.replication);
    }
}
