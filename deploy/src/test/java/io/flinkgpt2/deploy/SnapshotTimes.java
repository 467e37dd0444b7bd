package io.flinkgpt2.deploy;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * How long snapshots take while a full batch of long generations runs. A job is snapshotted by a checkpoint and cancelled, the
 * next one goes on from there and is snapshotted by a savepoint, the next one is stopped with a savepoint, and one more shows
 * what that held.
 */
@Command(
        name = "snapshot-times",
        mixinStandardHelpOptions = true,
        description = {
            "A checkpoint, a savepoint and a stop with savepoint, each asked for soon after a start while a full batch runs.",
            "Each must be complete within two steps and three seconds, from the request over REST to the answer that says so,"
                    + " and the next job must get all sequences from it with their tokens."
        })
final class SnapshotTimes implements Callable<Integer> {

    private static final String STEPS = "steps";
    private static final String IN_FLIGHT = "sequencesInFlight";
    private static final String STEP_TIME = "stepTimeUs_median";
    private static final String RESTORED_REQUESTS = "restoredRequests";
    private static final String RESTORED_SEQUENCES = "restoredSequences";
    private static final double STEPS_ALLOWED = 2;
    private static final double SECONDS_ALLOWED = 3;
    private static final int PROMPT_TOKENS = 16;
    /** Before that the median would be one of steps that compute the prompts with code that is not compiled yet. */
    private static final int FIRST_STEP = 10;

    @Mixin
    private ModelOptions models;

    @Option(names = "--sequences", defaultValue = "32", description = "In flight together (default: ${DEFAULT-VALUE}).")
    private int sequences;

    @Option(names = "--max-tokens", defaultValue = "1000", description = "Of each (default: ${DEFAULT-VALUE}).")
    private int maxTokens;

    @Option(
            names = "--steps",
            defaultValue = "50",
            description = "Each is asked for within so many steps of a start (default: ${DEFAULT-VALUE}).")
    private int steps;

    private final PrintStream out;
    private final Path directory;
    private final Requirements requirements = new Requirements();

    SnapshotTimes(PrintStream out, Path directory) {
        this.out = out;
        this.directory = directory;
    }

    public static void main(String[] args) throws IOException {
        Script.main("snapshot-times", SnapshotTimes::new, args);
    }

    @Override
    public Integer call() throws Exception {
        EndlessModel endless = models.open(directory);
        int context = endless.contextLength();
        Script.say(
                out,
                "%d sequences of %d tokens, max-context %d, weights of %d MB",
                sequences,
                maxTokens,
                context,
                endless.weightBytes() / 1_000_000);
        try (Cluster cluster = new Cluster(directory.resolve("cluster"))) {
            Cluster.succeed(cluster.start(
                    "--slots",
                    "1",
                    "--heap",
                    endless.roomyHeap(1, sequences, context),
                    "-D",
                    "metrics.fetcher.update-interval=50 ms"));
            Prompts.send(
                    cluster.bootstrapServers(),
                    "prompts",
                    Workload.randomIds(1, sequences, PROMPT_TOKENS, maxTokens, endless.vocabularySize()));
            snapshots(cluster, cluster.flink(), endless);
        }
        return requirements.print(out);
    }

    private void snapshots(Cluster cluster, FlinkApi flink, EndlessModel endless) throws Exception {
        String first = submit(cluster, endless);
        FlinkApi.Snapshot checkpoint = take("checkpoint", flink, first, flink::checkpoint);
        flink.cancel(first);

        String second = submit(cluster, endless, "--savepoint", checkpoint.location());
        restored("checkpoint", flink, second);
        FlinkApi.Snapshot savepoint = take("savepoint", flink, second, flink::savepoint);
        flink.cancel(second);

        String third = submit(cluster, endless, "--savepoint", savepoint.location());
        restored("savepoint", flink, third);
        FlinkApi.Snapshot stop = take("stop with savepoint", flink, third, flink::stopWithSavepoint);

        String fourth = submit(cluster, endless, "--savepoint", stop.location());
        restored("stop with savepoint", flink, fourth);
        flink.cancel(fourth);
    }

    private String submit(Cluster cluster, EndlessModel endless, String... more)
            throws IOException, InterruptedException {
        return Cluster.succeed(
                cluster.command("submit", "--model", endless.path().toString())
                        .with("--max-context", "" + endless.contextLength())
                        .with("--batch.size", "" + sequences)
                        // None but those that are asked for.
                        .with("--checkpoint.interval", "10 min")
                        .with(more));
    }

    @FunctionalInterface
    private interface Taking {
        FlinkApi.Snapshot of(String jobId) throws IOException, InterruptedException;
    }

    private FlinkApi.Snapshot take(String what, FlinkApi flink, String job, Taking taking) throws Exception {
        JobMetrics metrics = new JobMetrics(flink, job);
        Map<String, Double> asked = await(metrics, IN_FLIGHT, FIRST_STEP, STEPS, IN_FLIGHT);
        FlinkApi.Snapshot snapshot = taking.of(job);
        double step = metrics.ofSubtask(0, STEP_TIME)
                        .orElseThrow(() -> new IllegalStateException("no metric " + STEP_TIME))
                        .get(STEP_TIME)
                * 1e-6;
        Script.say(out, "%s: asked for at step %.0f, %.2f s", what, asked.get(STEPS), snapshot.seconds());
        requirements.atMost(what + ": asked for at step", steps, asked.get(STEPS));
        requirements.atMost(
                what + ": s, at most 2 steps + 3 s", STEPS_ALLOWED * step + SECONDS_ALLOWED, snapshot.seconds());
        requirements.shown("  a step (median), s", step);
        requirements.shown("  size, bytes", Long.toString(snapshot.bytes()));
        return snapshot;
    }

    private void restored(String what, FlinkApi flink, String job) throws IOException, InterruptedException {
        Map<String, Double> restored =
                await(new JobMetrics(flink, job), RESTORED_REQUESTS, 0, STEPS, RESTORED_REQUESTS, RESTORED_SEQUENCES);
        requirements.exactly(
                "  unfinished sequences with tokens in the " + what,
                sequences,
                restored.get(RESTORED_SEQUENCES).longValue());
    }

    /** Values of metrics as soon as one of them is the number of sequences, after so many steps. */
    private Map<String, Double> await(JobMetrics metrics, String name, int leastSteps, String... all)
            throws IOException, InterruptedException {
        long deadline = System.nanoTime() + Running.PATIENCE.toNanos();
        Optional<Map<String, Double>> values = Optional.empty();
        while (System.nanoTime() - deadline < 0) {
            values = metrics.ofSubtask(0, all);
            if (values.isPresent()
                    && values.get().get(name) == sequences
                    && values.get().get(STEPS) >= leastSteps) {
                return values.get();
            }
            Thread.sleep(20);
        }
        throw new IllegalStateException(name + " is not " + sequences + " after " + Running.PATIENCE.toSeconds()
                + " s; the last look: " + values);
    }
}
