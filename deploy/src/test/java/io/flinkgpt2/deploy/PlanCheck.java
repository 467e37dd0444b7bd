package io.flinkgpt2.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The throughput that {@code plan} predicts, beside what is measured. */
@CommandLine.Command(
        name = "plan-check",
        mixinStandardHelpOptions = true,
        description = {
            "Calibrates 'plan' by 'bench' with prompts of 32 and 64 new tokens, and of 256 and 16, and compares what it predicts"
                    + " with measurements: prompts of 8 and 16 new tokens, of 200 and 100 in int8, two engines, and the job from"
                    + " topic to topic at one and two slots. Each has to be within 15 %. With 3 repeats some 20 minutes on two"
                    + " cores; let the machine do nothing else meanwhile."
        })
final class PlanCheck implements Callable<Integer> {

    private static final double MOST_ERROR = 0.15;

    /** What can be left out. */
    enum Part {
        MIXES,
        ENGINES,
        JOB
    }

    @Option(
            names = "--only",
            split = ",",
            defaultValue = "mixes,engines,job",
            paramLabel = "PART",
            description = "Which parts (default: ${DEFAULT-VALUE}).")
    private List<String> only;

    @Option(names = "--repeats", defaultValue = "3", description = "Of each 'bench' (default: ${DEFAULT-VALUE}).")
    private int repeats;

    @Mixin
    private ModelOptions models;

    @Option(names = "--batch-size", defaultValue = "32", description = "In flight in a slot (default: 32).")
    private int batchSize;

    @Option(names = "--long-prompt", defaultValue = "256", description = "Tokens of the longer prompt (default: 256).")
    private int longPrompt;

    @Option(
            names = "--rounds",
            defaultValue = "6",
            description = "Full batches of prompts for each slot of the job, 3 or more (default: ${DEFAULT-VALUE}).")
    private int rounds;

    private final PrintStream out;
    private final Path directory;
    private final Requirements requirements = new Requirements();
    private EndlessModel endless;

    PlanCheck(PrintStream out, Path directory) {
        this.out = out;
        this.directory = directory;
    }

    public static void main(String[] args) throws IOException {
        Script.main("plan-check", PlanCheck::new, args);
    }

    @Override
    public Integer call() throws Exception {
        List<Part> parts = only.stream()
                .map(name -> Part.valueOf(name.toUpperCase(Locale.ROOT)))
                .toList();
        endless = models.open(directory);
        String f32 = calibrate("f32");
        if (parts.contains(Part.MIXES)) {
            check("8 and 16 new tokens, f32", predicted(f32, "f32", 8, 16), bench("f32", 8, 16, 1));
            String int8 = calibrate("int8");
            int longest = Math.min(200, endless.contextLength() - 100);
            check(
                    longest + " and 100 new tokens, int8",
                    predicted(int8, "int8", longest, 100),
                    bench("int8", longest, 100, 1));
        }
        double oneSlot = predicted(f32, "f32", 32, 64);
        if (parts.contains(Part.ENGINES)) {
            check("two engines", 2 * oneSlot, bench("f32", 32, 64, 2));
        }
        if (parts.contains(Part.JOB)) {
            for (int slots : new int[] {1, 2}) {
                check("the job, slots: " + slots, slots * oneSlot, job(slots));
            }
        }
        return requirements.print(out);
    }

    private void check(String what, double predicted, double measured) {
        requirements.shown(what + ": predicted, tokens/s", predicted);
        requirements.shown("  measured, tokens/s", measured);
        double ratio = predicted / measured;
        requirements.atMost("  larger over smaller", 1 + MOST_ERROR, Math.max(ratio, 1 / ratio));
        Script.say(out, "%s: predicted %.1f, measured %.1f tokens/s", what, predicted, measured);
    }

    /** Returns the files of two runs of {@code bench}, as {@code plan} takes them. */
    private String calibrate(String precision) throws IOException, InterruptedException {
        List<String> files = new ArrayList<>();
        for (int[] shape : new int[][] {{32, 64}, {Math.min(longPrompt, endless.contextLength() - 16), 16}}) {
            String json = bench(precision).run(1, shape[0], shape[1]).toString();
            Path file = directory.resolve(precision + "-" + shape[0] + "-" + shape[1] + ".json");
            files.add(Files.writeString(file, json).toString());
        }
        return String.join(",", files);
    }

    private double bench(String precision, int promptTokens, int newTokens, int engines)
            throws IOException, InterruptedException {
        return bench(precision).tokensPerSecond(engines, promptTokens, newTokens);
    }

    private Bench bench(String precision) {
        return new Bench(endless.path(), precision, repeats, batchSize);
    }

    private double predicted(String files, String precision, int promptTokens, int newTokens)
            throws IOException, InterruptedException {
        JsonNode plan = Run.json(Cluster.succeed(Command.launcher(
                        "plan", "--model", endless.path().toString(), "--precision", precision)
                .with("--prompt-tokens", "" + promptTokens, "--new-tokens", "" + newTokens, "--output", "json")
                .with("--batch-size", "" + batchSize, "--prompts", "1e6", "--within", "24h", "--bench", files)));
        return plan.at("/slot/tokens_per_second").doubleValue();
    }

    private double job(int slots) throws Exception {
        List<String> requests =
                Workload.randomIds(1, rounds * batchSize * slots, 32, 64, Math.min(50256, endless.vocabularySize()));
        try (JobRuns runs = JobRuns.start(directory.resolve("slots-" + slots), endless, slots, batchSize)) {
            runs.prepare("prompts-plan", requests);
            return SteadyState.tokensPerSecond(runs.run("prompts-plan", 32 + 64, 64, JobRuns.Watch.NOTHING), batchSize);
        }
    }
}
