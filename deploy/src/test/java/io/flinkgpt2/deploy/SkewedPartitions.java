package io.flinkgpt2.deploy;

import io.flinkgpt2.cli.plan.PartitionTimes;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** A run of the job over partitions of different sizes, beside the simulation that {@code plan} uses. */
@CommandLine.Command(
        name = "skewed-partitions",
        mixinStandardHelpOptions = true,
        description = {
            "Runs the job with a slot for each of some partitions of different sizes, and compares when each partition is done"
                    + " with the simulation of 'plan'. Times are parts of the whole run: from the first answer to the last.",
            "Slots share this machine's cores, and so they do in the simulation."
        })
final class SkewedPartitions implements Callable<Integer> {

    private static final double MOST_DIFFERENCE = 0.15;

    @Option(
            names = "--sizes",
            split = ",",
            defaultValue = "960,480,320,240,192,160,136,120",
            paramLabel = "N",
            description = "Prompts of each partition (default: ${DEFAULT-VALUE}).")
    private int[] sizes;

    @Option(names = "--batch-size", defaultValue = "8", description = "In flight in a slot (default: 8).")
    private int batchSize;

    @Option(names = "--prompt-tokens", defaultValue = "16", description = "Of each prompt (default: 16).")
    private int promptTokens;

    @Option(names = "--new-tokens", defaultValue = "24", description = "To generate for each (default: 24).")
    private int newTokens;

    @Option(names = "--model", description = "Directory of a model (default: the bundled one).")
    private Path model;

    private final PrintStream out;
    private final Path directory;
    private final Requirements requirements = new Requirements();

    SkewedPartitions(PrintStream out, Path directory) {
        this.out = out;
        this.directory = directory;
    }

    public static void main(String[] args) throws IOException {
        Script.main("skewed-partitions", SkewedPartitions::new, args);
    }

    @Override
    public Integer call() throws Exception {
        EndlessModel endless = EndlessModel.of(model == null ? Command.bundledModel() : model, directory);
        List<AnswerLog.Answer> answers;
        try (JobRuns runs = JobRuns.start(directory.resolve("skewed"), endless, sizes.length, batchSize)) {
            runs.prepareSkewed("skewed", requests(Math.min(50256, endless.vocabularySize())));
            answers = runs.run("skewed", promptTokens + newTokens, newTokens, JobRuns.Watch.NOTHING);
        }
        long first = answers.stream().mapToLong(AnswerLog.Answer::millis).min().orElseThrow();
        double[] measured = new double[sizes.length];
        for (int i = 0; i < sizes.length; i++) {
            int partition = i;
            List<AnswerLog.Answer> own = answers.stream()
                    .filter(answer -> answer.partition() == partition)
                    .toList();
            requirements.exactly("partition " + i + ": answers", sizes[i], own.size());
            requirements.exactly(
                    "partition " + i + ": generated tokens",
                    (long) sizes[i] * newTokens,
                    own.stream().mapToLong(AnswerLog.Answer::tokens).sum());
            measured[i] = own.stream().mapToLong(AnswerLog.Answer::millis).max().orElseThrow() - first;
        }
        compare(parts(measured), parts(simulated()), max(measured) * 1e-3);
        return requirements.print(out);
    }

    private List<List<String>> requests(int ids) {
        List<List<String>> partitions = new ArrayList<>();
        for (int i = 0; i < sizes.length; i++) {
            partitions.add(Workload.randomIds(i, sizes[i], promptTokens, newTokens, ids));
        }
        return partitions;
    }

    /** Returns when each partition is done after the first answers, which are those of a full batch of each slot. */
    private double[] simulated() {
        int cores = Math.min(sizes.length, Runtime.getRuntime().availableProcessors());
        double[] ends = simulate(sizes, cores);
        int[] oneBatch =
                Arrays.stream(sizes).map(size -> Math.min(size, batchSize)).toArray();
        double first = Arrays.stream(simulate(oneBatch, cores)).min().orElseThrow();
        return Arrays.stream(ends).map(end -> end - first).toArray();
    }

    /** Only the ratio of the rates matters, for times are compared as parts of the whole run. */
    private double[] simulate(int[] prompts, int cores) {
        return PartitionTimes.simulated(prompts, promptTokens, newTokens, batchSize, cores, 2, 1);
    }

    private void compare(double[] measured, double[] simulated, double seconds) {
        double most = 0;
        for (int i = 0; i < sizes.length; i++) {
            double difference = Math.abs(measured[i] - simulated[i]);
            requirements.shown(
                    "partition " + i + ", " + sizes[i] + " prompts: done at, part of the run (simulated)",
                    String.format(Locale.ROOT, "%.3f (%.3f)", measured[i], simulated[i]));
            most = Math.max(most, difference);
        }
        requirements.exactly("partition that is done last", last(simulated), last(measured));
        requirements.atMost("largest difference from the simulation", MOST_DIFFERENCE, most);
        double ratio = mean(measured) / mean(simulated);
        requirements.atMost(
                "slowest partition over the mean, beside the simulation's",
                1 + MOST_DIFFERENCE,
                Math.max(ratio, 1 / ratio));
        requirements.shown("seconds from the first answer to the last", seconds);
    }

    private static double[] parts(double[] ends) {
        double most = max(ends);
        return Arrays.stream(ends).map(end -> end / most).toArray();
    }

    private static double max(double[] values) {
        return Arrays.stream(values).max().orElseThrow();
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElseThrow();
    }

    private static int last(double[] ends) {
        int last = 0;
        for (int i = 1; i < ends.length; i++) {
            last = ends[i] > ends[last] ? i : last;
        }
        return last;
    }
}
