package io.flinkgpt2.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import io.flinkgpt2.job.cluster.RetainedCheckpoints;
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

/** A cluster of processes with one job on it, and what can be done to them. Closing it stops what runs. */
final class Stage implements AutoCloseable {

    static final String JOB_NAME = "flink-gpt2";
    static final int SLOTS = 2;
    /** After so long without a sign of life Flink gives a process up. */
    static final Duration HEARTBEAT_TIMEOUT = Duration.ofSeconds(12);

    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final Cluster cluster;
    private final Path directory;
    private final Path model;
    private final Path checkpoints;
    private final List<String> jobOptions;
    private Path launcher = Command.launcherPath();
    private FlinkApi flink;
    private String bootstrapServers;
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
        this.cluster = new Cluster(this.directory);
        this.model = directory.resolve("model");
        this.checkpoints = checkpoints;
        this.jobOptions = List.copyOf(jobOptions);
    }

    /** Starts the cluster, and the job on a copy of the bundled model. */
    void start(int firstParallelism) throws IOException, InterruptedException {
        copy(Command.bundledModel(), model);
        Cluster.succeed(cluster.start("--slots", "" + SLOTS)
                .with("-D", "web.timeout=3 s", "-D", "metrics.fetcher.update-interval=100 ms")
                .with("-D", "heartbeat.interval=1 s")
                .with("-D", "heartbeat.timeout=" + HEARTBEAT_TIMEOUT.toSeconds() + " s")
                .with("-D", "restart-strategy.type=fixed-delay")
                .with("-D", "restart-strategy.fixed-delay.attempts=1000000")
                .with("-D", "restart-strategy.fixed-delay.delay=1 s")
                .with("-D", "execution.checkpointing.dir=" + checkpoints.toUri()));
        JsonNode status = cluster.status();
        bootstrapServers = status.path("bootstrap_servers").textValue();
        flink = new FlinkApi(status.path("web_url").textValue());
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

    /** Submits by another installation of the command line from now on. */
    void submitWith(Path otherLauncher) {
        launcher = otherLauncher;
    }

    String bootstrapServers() {
        return bootstrapServers;
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

    /** A command of the cluster's user. */
    Command command(String... words) {
        return cluster.command(words);
    }

    /** {@code submit} with the job's options. */
    Command submission(int wanted, Optional<String> snapshot) {
        Command submit = Command.launcherAt(launcher, "submit", "--directory", directory.toString())
                .with("-p", "" + wanted, "--job.name", JOB_NAME, "--model", model.toString())
                .with("--checkpoint.interval", "500 ms")
                .with(jobOptions.toArray(new String[0]));
        snapshot.ifPresent(path -> submit.with("--savepoint", path));
        return submit;
    }

    /** Submits the job, which is the one from now on. */
    void submit(int wanted, Optional<String> snapshot) throws IOException, InterruptedException {
        job = Cluster.succeed(submission(wanted, snapshot));
        parallelism = wanted;
        startedFrom = snapshot;
    }

    /** Submits the job again after its JobManager was lost, from the newest complete checkpoint that is on disk. */
    String submitFromNewestCheckpoint() throws IOException, InterruptedException {
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
                .filter(process -> process.info().arguments().map(Arrays::asList).orElse(List.of()).contains(mark))
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
        return new HashSet<>(new ArrayList<>(
                flink.get("/taskmanagers").path("taskmanagers").findValuesAsText("id")));
    }

    /** How many checkpoints of the job have failed, or been completed, since it was submitted. */
    long checkpoints(String which) throws IOException, InterruptedException {
        return flink.get("/jobs/" + job + "/checkpoints")
                .path("counts")
                .path(which)
                .longValue();
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
        cluster.close();
    }
}
