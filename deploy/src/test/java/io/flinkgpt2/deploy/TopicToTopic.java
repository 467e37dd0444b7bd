package io.flinkgpt2.deploy;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The job from topic to topic, beside the engine alone, in turns. */
@CommandLine.Command(
        name = "topic-to-topic",
        mixinStandardHelpOptions = true,
        description = {
            "Tokens a second of the job from topic to topic and of 'bench' on the same model, in turns; medians.",
            "Prompts of 32 random ids, 64 new tokens, greedy, 32 in flight in each slot. All prompts are in the topic before the"
                    + " job starts. Counted is the steady state: without the first and the last tenth of the answers, by the"
                    + " timestamps of their records, which say when the sink got them.",
            "Parts: one-slot and two-slots compare with bench, map and key (--ordering key) with one slot, and occupancy tells how"
                    + " full the batch is with outputs of 4 and 16 tokens while input waits. With 5 repeats some 25 minutes on two"
                    + " cores."
        })
final class TopicToTopic implements Callable<Integer> {

    private static final double ONE_SLOT_SHARE = 0.95;
    private static final double TWO_SLOTS_SHARE = 0.88;
    private static final double BATCH_OVER_MAP = 5;
    private static final double LEAST_OCCUPANCY = 0.9;
    private static final int[] SHORT_OUTPUTS = {4, 16};

    /** What can be left out. */
    enum Part {
        ONE_SLOT,
        TWO_SLOTS,
        MAP,
        KEY,
        OCCUPANCY
    }

    /** What is measured in turns. */
    private enum Side {
        BENCH,
        JOB,
        MAP,
        KEY
    }

    @Option(
            names = "--only",
            split = ",",
            defaultValue = "one-slot,two-slots,map,key,occupancy",
            paramLabel = "PART",
            description = "Which parts (default: ${DEFAULT-VALUE}).")
    private List<String> only;

    @Option(names = "--repeats", defaultValue = "5", description = "Of each (default: ${DEFAULT-VALUE}).")
    private int repeats;

    @Option(
            names = "--rounds",
            defaultValue = "8",
            description = "Full batches of prompts for each slot, 3 or more (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(
            names = "--map-prompts",
            defaultValue = "20",
            description = "Prompts of a run in mode map (default: ${DEFAULT-VALUE}).")
    private int mapPrompts;

    @Mixin
    private ModelOptions models;

    @Option(names = "--batch-size", defaultValue = "32", description = "In flight in a slot (default: 32).")
    private int batchSize;

    @Option(names = "--prompt-tokens", defaultValue = "32", description = "Of each prompt (default: 32).")
    private int promptTokens;

    @Option(names = "--new-tokens", defaultValue = "64", description = "To generate for each (default: 64).")
    private int newTokens;

    private final PrintStream out;
    private final Path directory;
    private final Requirements requirements = new Requirements();
    private EndlessModel endless;

    TopicToTopic(PrintStream out, Path directory) {
        this.out = out;
        this.directory = directory;
    }

    public static void main(String[] args) throws IOException {
        Script.main("topic-to-topic", TopicToTopic::new, args);
    }

    @Override
    public Integer call() throws Exception {
        Set<Part> parts = EnumSet.noneOf(Part.class);
        only.forEach(name ->
                parts.add(Part.valueOf(name.toUpperCase(java.util.Locale.ROOT).replace('-', '_'))));
        endless = models.open(directory);

        Set<Part> ofOneSlot = EnumSet.copyOf(parts);
        ofOneSlot.remove(Part.TWO_SLOTS);
        if (!ofOneSlot.isEmpty()) {
            oneSlot(parts);
        }
        if (parts.contains(Part.TWO_SLOTS)) {
            twoSlots();
        }
        return requirements.print(out);
    }

    private void oneSlot(Set<Part> parts) throws Exception {
        try (JobRuns runs = JobRuns.start(directory.resolve("one-slot"), endless, 1, batchSize)) {
            Set<Side> sides = EnumSet.noneOf(Side.class);
            if (parts.contains(Part.ONE_SLOT)) {
                sides.addAll(Set.of(Side.BENCH, Side.JOB));
            }
            if (parts.contains(Part.MAP)) {
                sides.addAll(Set.of(Side.JOB, Side.MAP));
            }
            if (parts.contains(Part.KEY)) {
                sides.addAll(Set.of(Side.JOB, Side.KEY));
            }
            Map<Side, Double> medians = inTurns(runs, sides);
            if (parts.contains(Part.ONE_SLOT)) {
                compare("one slot", ONE_SLOT_SHARE, medians);
            }
            if (parts.contains(Part.MAP)) {
                requirements.atLeast(
                        "one slot: mode batch, times mode map",
                        BATCH_OVER_MAP,
                        medians.get(Side.JOB) / medians.get(Side.MAP));
                requirements.shown("  mode map, tokens/s", medians.get(Side.MAP));
            }
            if (parts.contains(Part.KEY)) {
                requirements.shown(
                        "one slot: ordering key, share of none", medians.get(Side.KEY) / medians.get(Side.JOB));
            }
            if (parts.contains(Part.OCCUPANCY)) {
                occupancy(runs);
            }
        }
    }

    private void twoSlots() throws Exception {
        try (JobRuns runs = JobRuns.start(directory.resolve("two-slots"), endless, 2, batchSize)) {
            compare("two slots", TWO_SLOTS_SHARE, inTurns(runs, EnumSet.of(Side.BENCH, Side.JOB)));
        }
    }

    private void compare(String what, double required, Map<Side, Double> medians) {
        double job = medians.get(Side.JOB);
        double bench = medians.get(Side.BENCH);
        requirements.atLeast(what + ": the job's share of bench", required, job / bench);
        requirements.shown("  the job, tokens/s", job);
        requirements.shown("  bench, tokens/s", bench);
    }

    private Map<Side, Double> inTurns(JobRuns runs, Set<Side> sides) throws Exception {
        Map<Side, List<Double>> values = new EnumMap<>(Side.class);
        if (sides.contains(Side.JOB)) {
            runs.prepare("prompts-batch", requests(rounds * batchSize * runs.slots(), newTokens));
        }
        if (sides.contains(Side.MAP)) {
            runs.prepare("prompts-map", requests(mapPrompts, newTokens));
        }
        if (sides.contains(Side.KEY)) {
            // Two of a key in flight: its answers come in the order of its requests, of which some wait for others.
            runs.prepare("prompts-key", requests(rounds * batchSize * runs.slots(), newTokens), batchSize / 2);
        }
        for (int repeat = 1; repeat <= repeats; repeat++) {
            for (Side side : sides) {
                double value = switch (side) {
                    case BENCH ->
                        new Bench(endless.path(), "f32", 1, batchSize)
                                .tokensPerSecond(runs.slots(), promptTokens, newTokens);
                    case JOB -> SteadyState.tokensPerSecond(job(runs, "prompts-batch"), batchSize);
                    case KEY -> SteadyState.tokensPerSecond(job(runs, "prompts-key", "--ordering", "key"), batchSize);
                    case MAP -> SteadyState.tokensPerSecond(job(runs, "prompts-map", "--mode", "map"), 1);
                };
                Script.say(out, "%d slots, repeat %d: %s %.1f tokens/s", runs.slots(), repeat, side, value);
                values.computeIfAbsent(side, key -> new ArrayList<>()).add(value);
            }
        }
        Map<Side, Double> medians = new EnumMap<>(Side.class);
        values.forEach((side, all) -> medians.put(side, SteadyState.median(all)));
        return medians;
    }

    private List<AnswerLog.Answer> job(JobRuns runs, String topic, String... options)
            throws IOException, InterruptedException {
        return runs.run(topic, promptTokens + newTokens, newTokens, JobRuns.Watch.NOTHING, options);
    }

    private void occupancy(JobRuns runs) throws Exception {
        for (int tokens : SHORT_OUTPUTS) {
            String topic = "prompts-" + tokens;
            List<String> requests = requests(rounds * batchSize, tokens);
            runs.prepare(topic, requests);
            Occupancy occupancy = new Occupancy(requests.size(), batchSize);
            runs.run(topic, promptTokens + newTokens, tokens, occupancy);
            Script.say(out, "outputs of %d tokens: occupancy %.3f", tokens, occupancy.mean());
            requirements.atLeast(
                    "outputs of " + tokens + " tokens: mean occupancy of the batch", LEAST_OCCUPANCY, occupancy.mean());
            requirements.shown("  over steps", occupancy.steps());
        }
    }

    private List<String> requests(int count, int tokens) {
        return Workload.randomIds(1, count, promptTokens, tokens, Math.min(50256, endless.vocabularySize()));
    }
}
