package io.flinkgpt2.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A cluster of processes, by the commands of a user. Closing it stops what runs of it. */
final class Cluster implements AutoCloseable {

    private final Path directory;

    /** The cluster in a directory, started or not. */
    Cluster(Path directory) {
        this.directory = directory;
    }

    /** A command that is told the directory. */
    Command command(String... words) {
        return Command.launcher(words).with("--directory", directory.toString());
    }

    /** {@code cluster start} on ports that are free. */
    Command start(String... options) {
        return command("cluster", "start", "--kafka-port", "0", "--web-port", "0")
                .with(options);
    }

    /** Runs a command that must succeed, and returns its standard output. */
    static String succeed(Command command) throws IOException, InterruptedException {
        Run run = command.run();
        assertThat(run.exitCode()).as(run.out() + run.err()).isZero();
        return run.out().strip();
    }

    /** {@code cluster status}, whatever its exit code. */
    JsonNode status() throws IOException, InterruptedException {
        return Run.json(command("cluster", "status", "--output", "json").run().out());
    }

    String bootstrapServers() throws IOException, InterruptedException {
        return status().path("bootstrap_servers").textValue();
    }

    /** The REST API of the one that runs. */
    FlinkApi flink() throws IOException, InterruptedException {
        return new FlinkApi(status().path("web_url").textValue());
    }

    /** Number of a process: {@code kafka}, {@code jobmanager}, {@code taskmanager}. */
    static long pid(JsonNode status, String process) {
        for (JsonNode found : status.path("processes")) {
            if (found.path("name").textValue().equals(process)) {
                return found.path("pid").longValue();
            }
        }
        throw new AssertionError("no " + process + " in " + status);
    }

    /** Which processes run. */
    static List<String> running(JsonNode status) {
        List<String> running = new ArrayList<>();
        for (JsonNode process : status.path("processes")) {
            if (process.path("running").booleanValue()) {
                running.add(process.path("name").textValue());
            }
        }
        return running;
    }

    /** State of a job by Flink's names, as the status lists it. */
    static String jobState(JsonNode status, String jobId) {
        for (JsonNode job : status.path("jobs")) {
            if (job.path("id").textValue().equals(jobId)) {
                return job.path("state").textValue();
            }
        }
        return "none";
    }

    @Override
    public void close() throws IOException {
        try {
            command("cluster", "stop").run();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the cluster stopped", e);
        }
    }
}
