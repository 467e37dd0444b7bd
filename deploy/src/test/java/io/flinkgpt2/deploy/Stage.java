package io.flinkgpt2.deploy;

import io.flinkgpt2.job.CompletionJob;
import io.flinkgpt2.job.JobArguments;
import io.flinkgpt2.job.JobSettings;
import io.flinkgpt2.job.kafka.TopicLimits;
import io.flinkgpt2.local.cluster.ClusterState;
import io.flinkgpt2.local.cluster.ProcessCluster;
import io.flinkgpt2.local.cluster.RetainedCheckpoints;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** A cluster of processes with one job on it, and what can be done to them. Closing it stops what runs. */
final class Stage implements AutoCloseable {

    static final String JOB_NAME = "flink-gpt2";
    static final int SLOTS = 2;
    /** After so long without a sign of life Flink gives a process up. */
    static final Duration HEARTBEAT_TIMEOUT = Duration.ofSeconds(12);

    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final ProcessCluster cluster;
    private final Path directory;
    private final Path model;
    private final Path checkpoints;
    private final List<String> jobOptions;
    private Path jobJar = Command.deploy().resolve("target/dist/flink-gpt2-job.jar");
    private ClusterState state;
    private FlinkApi flink;
    private String job;
    private int parallelism;
    private Optional<String> startedFrom = Optional.empty();

    /**
     * The stage in a directory; nothing is started.
     *
     * @param checkpoints where the job keeps its checkpoints
     * @param jobOptions of each submission
     */
    Stage(Path directory, Path checkpoints, List<String> jobOptions) {
        this.directory = directory.resolve("cluster").toAbsolutePath();
        this.cluster = ProcessCluster.in(this.directory);
        this.model = directory.resolve("model");
        this.checkpoints = checkpoints;
        this.jobOptions = List.copyOf(jobOptions);
    }

    /** Starts the cluster, and the job on a copy of the bundled model. */
    void start(int firstParallelism) throws Exception {
        copy(Command.bundledModel(), model);
        Cluster.succeed(new Cluster(directory)
                .start("--slots", "" + SLOTS)
                .with("-D", "web.timeout=20 s", "-D", "metrics.fetcher.update-interval=100 ms")
                // On a machine that is busy with other things too.
                .with("-D", "pekko.startup-timeout=2 min", "-D", "pekko.ask.timeout=1 min")
                .with("-D", "heartbeat.interval=1 s")
                .with("-D", "heartbeat.timeout=" + HEARTBEAT_TIMEOUT.toSeconds() + " s")
                .with("-D", "restart-strategy.type=fixed-delay")
                .with("-D", "restart-strategy.fixed-delay.attempts=1000000")
                .with("-D", "restart-strategy.fixed-delay.delay=1 s")
                .with("-D", "execution.checkpointing.dir=" + checkpoints.toUri()));
        state = cluster.state().orElseThrow();
        flink = new FlinkApi(state.webUrl());
        submit(firstParallelism, Optional.empty());
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
    }

    Path jobJar() {
        return jobJar;
    }

    /** Submits another jar from now on. */
    void submitJar(Path jar) {
        jobJar = jar;
    }

    String bootstrapServers() {
        return state.bootstrapServers();
    }

    FlinkApi flink() {
        return flink;
    }

    String job() {
        return job;
    }

    int parallelism() {
        return parallelism;
    }

    Path model() {
        return model;
    }

    Path logs() {
        return directory.resolve("log");
    }

    /** The cluster, for what its user does by commands; without the seconds in which a JVM starts. */
    ProcessCluster cluster() {
        return cluster;
    }

    /** Submits the job as its user would once more: {@code submit}. */
    Run submitAgain() throws IOException, InterruptedException {
        return new Cluster(directory)
                .command("submit", "-p", "1", "--job.name", JOB_NAME, "--model", model.toString())
                .run();
    }

    /** Stops the job with a savepoint, and returns where that is. */
    String stopJob() throws IOException, InterruptedException {
        return flink.stopWithSavepoint(job).location();
    }

    /** Submits the job, which is the one from now on. */
    void submit(int wanted, Optional<String> snapshot) throws Exception {
        List<String> options = new ArrayList<>(List.of("--job.name", JOB_NAME, "--model", model.toString()));
        options.addAll(List.of("--bootstrap-servers", bootstrapServers(), "--checkpoint.interval", "500 ms"));
        options.addAll(jobOptions);
        JobSettings settings = JobSettings.from(JobArguments.parse(options));
        Configuration execution = new Configuration();
        execution.set(CoreOptions.DEFAULT_PARALLELISM, wanted);
        snapshot.ifPresent(path -> execution.set(StateRecoveryOptions.SAVEPOINT_PATH, path));
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.createRemoteEnvironment(
                "localhost", state.webPort(), execution, jobJar.toString());
        CompletionJob.build(environment, settings, TopicLimits.of(settings.kafka()));
        job = environment.executeAsync(JOB_NAME).getJobID().toString();
        parallelism = wanted;
        startedFrom = snapshot;
    }

    /** Submits the job again after its JobManager was lost, from the newest complete checkpoint that is on disk. */
    String submitFromNewestCheckpoint() throws Exception {
        Optional<String> newest =
                new RetainedCheckpoints(checkpoints).newest(job).map(Path::toString);
        Optional<String> snapshot = newest.or(() -> startedFrom);
        submit(parallelism, snapshot);
        return snapshot.orElse("nothing, for there was none");
    }

    /** The processes in a role: {@code kafka}, {@code jobmanager}, {@code taskmanager}. */
    List<ProcessHandle> processes(String role) {
        String mark = "@" + arguments(role);
        return ProcessHandle.allProcesses()
                .filter(process -> process.info()
                        .arguments()
                        .map(Arrays::asList)
                        .orElse(List.of())
                        .contains(mark))
                .toList();
    }

    private Path arguments(String role) {
        return directory.resolve("conf").resolve(role + ".args");
    }

    /** The only process in a role. */
    ProcessHandle process(String role) {
        List<ProcessHandle> found = processes(role);
        if (found.size() != 1) {
            throw new IllegalStateException("found " + found.size() + " processes of the " + role + ", expected 1");
        }
        return found.get(0);
    }

    /** Kills the only process in a role, as {@code kill -9} does. */
    void kill(String role) {
        ProcessHandle process = process(role);
        if (!process.destroyForcibly()) {
            throw new IllegalStateException("the " + role + ", process " + process.pid() + ", could not be killed");
        }
    }

    /** Sends a signal such as STOP. */
    static void signal(ProcessHandle process, String name) throws IOException, InterruptedException {
        Run run = Command.of("kill", "-" + name, "" + process.pid()).run();
        if (run.exitCode() != 0) {
            throw new IllegalStateException("kill -" + name + " " + process.pid() + ": " + run.err());
        }
    }

    /** Starts another TaskManager beside those that run, with the same command line. */
    void startAnotherTaskManager() throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        File out = logs().resolve("taskmanager.out").toFile();
        new ProcessBuilder("nohup", java, "@" + arguments("taskmanager"))
                .redirectInput(new File("/dev/null"))
                .redirectOutput(ProcessBuilder.Redirect.appendTo(out))
                .redirectErrorStream(true)
                .start();
    }

    /** Ids of the TaskManagers that the JobManager counts on. */
    Set<String> taskManagers() throws IOException, InterruptedException {
        return new HashSet<>(
                new ArrayList<>(flink.get("/taskmanagers").path("taskmanagers").findValuesAsText("id")));
    }

    /** How many checkpoints of the job have failed, or been completed, since it was submitted. */
    long checkpoints(String which) throws IOException, InterruptedException {
        return flink.get("/jobs/" + job + "/checkpoints")
                .path("counts")
                .path(which)
                .longValue();
    }

    /** Whether the mistake of {@link DroppedCommit} has come to pass. */
    boolean hasDroppedACommit() {
        return Files.exists(directory.resolve("tmp").resolve(DroppedCommit.MARK));
    }

    /** Waits until all tasks of the job run. */
    void awaitRunning() throws IOException, InterruptedException {
        await("all tasks of the job run", () -> flink.isRunning(job));
    }

    /** A condition that is asked again and again; an {@link IOException} means: not yet. */
    @FunctionalInterface
    interface Condition {
        boolean holds() throws IOException, InterruptedException;
    }

    /** @throws IllegalStateException if the condition does not hold in time, or the job has failed for good */
    void await(String what, Condition condition) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        IOException problem = null;
        while (System.nanoTime() - deadline < 0) {
            try {
                if (condition.holds()) {
                    return;
                }
                problem = null;
                if (flink.state(job).equals("FAILED")) {
                    throw new IllegalStateException(
                            "job " + job + " has failed: " + flink.get("/jobs/" + job + "/exceptions"));
                }
            } catch (IOException e) {
                problem = e;
            }
            Thread.sleep(50);
        }
        throw new IllegalStateException("waited in vain for " + PATIENCE.toSeconds() + " s: " + what, problem);
    }

    @Override
    public void close() throws IOException {
        try {
            cluster.stop(false);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the cluster stopped", e);
        }
    }
}
