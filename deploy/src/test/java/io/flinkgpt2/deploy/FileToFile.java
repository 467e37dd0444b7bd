package io.flinkgpt2.deploy;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command {@code batch} from file to file, beside the engine alone, in turns. */
@CommandLine.Command(
        name = "file-to-file",
        mixinStandardHelpOptions = true,
        description = {
            "Tokens a second of 'batch' from one file to another and of 'bench' on the same model, in turns; medians.",
            "Prompts of random ids, greedy, all of one length. Each turn of 'batch' is two runs, of few and of many prompts; counted"
                    + " are the tokens that the second has more over the time that it takes longer, so that neither the start nor the"
                    + " last batch that runs empty counts."
        })
final class FileToFile implements Callable<Integer> {

    private static final double ONE_SLOT_SHARE = 0.95;
    private static final double MORE_SLOTS_SHARE = 0.9;

    @Option(
            names = "--slots",
            split = ",",
            defaultValue = "1,2",
            paramLabel = "N",
            description = "Slots to measure, one after the other (default: ${DEFAULT-VALUE}).")
    private List<Integer> slots;

    @Option(names = "--repeats", defaultValue = "3", description = "Of each (default: ${DEFAULT-VALUE}).")
    private int repeats;

    @Option(
            names = "--few",
            defaultValue = "2",
            description = "Full batches of prompts for each slot in the shorter run (default: ${DEFAULT-VALUE}).")
    private int few;

    @Option(
            names = "--many",
            defaultValue = "7",
            description = "Full batches of prompts for each slot in the longer run (default: ${DEFAULT-VALUE}).")
    private int many;

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
    private EndlessModel model;

    FileToFile(PrintStream out, Path directory) {
        this.out = out;
        this.directory = directory;
    }

    public static void main(String[] args) throws IOException {
        Script.main("file-to-file", FileToFile::new, args);
    }

    @Override
    public Integer call() throws Exception {
        model = models.open(directory);
        Bench alone = new Bench(model.path(), "f32", 1, batchSize);
        Requirements requirements = new Requirements();
        for (int count : slots) {
            List<Double> batch = new ArrayList<>();
            List<Double> bench = new ArrayList<>();
            for (int repeat = 1; repeat <= repeats; repeat++) {
                bench.add(alone.tokensPerSecond(count, promptTokens, newTokens));
                batch.add(batch(count));
                Script.say(
                        out,
                        "%d slots, repeat %d: bench %.1f, batch %.1f tokens/s",
                        count,
                        repeat,
                        bench.get(repeat - 1),
                        batch.get(repeat - 1));
            }
            double median = SteadyState.median(batch);
            requirements.atLeast(
                    "slots " + count + ": share of bench that batch has",
                    count == 1 ? ONE_SLOT_SHARE : MORE_SLOTS_SHARE,
                    median / SteadyState.median(bench));
            requirements.shown("  batch, tokens/s", median);
            requirements.shown("  bench, tokens/s", SteadyState.median(bench));
        }
        return requirements.print(out);
    }

    private double batch(int count) throws IOException, InterruptedException {
        double less = seconds(few * batchSize * count, count);
        double more = seconds(many * batchSize * count, count);
        return (many - few) * (double) batchSize * count * newTokens / (more - less);
    }

    /** Returns the time of a run over so many prompts. */
    private double seconds(int prompts, int count) throws IOException, InterruptedException {
        Path in = directory.resolve("in.jsonl");
        Files.write(
                in, Workload.randomIds(1, prompts, promptTokens, newTokens, Math.min(50256, model.vocabularySize())));
        Command command = Command.launcher("batch", "-i", in.toString(), "-o", directory.resolve("out.jsonl") + "")
                .with("--overwrite", "--output", "json", "--model", model.path().toString())
                .with("--parallelism", "" + count, "--batch-size", "" + batchSize)
                .with("--max-context", "" + (promptTokens + newTokens));
        Run run;
        try (Running running = command.start()) {
            run = running.await(JobRuns.PATIENCE);
        }
        if (run.exitCode() != 0 || run.json().get(0).path("answered").intValue() != prompts) {
            throw new IllegalStateException("'batch' ended with " + run.exitCode() + ": " + run.out() + run.err());
        }
        return run.json().get(0).path("seconds").doubleValue();
    }
}
