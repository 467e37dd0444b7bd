package io.flinkgpt2.deploy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A cluster of processes and the job's jar on it: by our own command, and by Flink's. The cluster has no Kafka on its class
 * path, and of this project only the guard of its web port, so all of the job comes from the jar.
 */
class ClusterIT {

    private static final String FIRST_WORDS =
            "{\"custom_id\": \"%s\", \"prompt\": \"The king\", \"max_tokens\": 6, \"temperature\": 0}";

    @TempDir
    private Path temporary;

    private Path directory() {
        return temporary.resolve("cluster");
    }

    @Test
    void jobsRunThroughAKillASavepointAndARestartOfTheBroker() throws Exception {
        try (Cluster cluster = new Cluster(directory())) {
            Run started = cluster.start("--slots", "1", "--heap", "256m").run();
            assertThat(started.exitCode()).as(started.out() + started.err()).isZero();
            JsonNode status = cluster.status();
            assertThat(Cluster.running(status)).containsExactly("kafka", "jobmanager", "taskmanager");
            assertThat(status.path("slots").intValue()).isEqualTo(1);
            String bootstrap = status.path("bootstrap_servers").textValue();
            assertThat(started.out()).contains(bootstrap, status.path("web_url").textValue());
            assertForeignPagesAreRefused(status.path("web_url").textValue());
            Run second = cluster.start().run();
            assertThat(second.exitCode()).isEqualTo(1);
            assertThat(second.err()).contains("A cluster runs already in " + directory());

            try (Topics topics = new Topics(bootstrap)) {
                submitAndDisturb(cluster, topics);
                submitFiles(cluster);
                submitByFlinksOwnCommand(status, topics);
            }

            List<ProcessHandle> processes = processes();
            assertThat(processes).hasSize(3);
            assertThat(Cluster.succeed(cluster.command("cluster", "stop"))).contains("Stopped 3 processes");
            assertNothingIsLeft();
            assertThat(Cluster.succeed(cluster.command("cluster", "stop"))).contains("No process");
            Run none = cluster.command("cluster", "status").run();
            assertThat(none.exitCode()).isEqualTo(1);
            assertThat(none.out()).contains("No cluster in " + directory());
        }
    }

    private void submitAndDisturb(Cluster cluster, Topics topics) throws Exception {
        send(topics, "a", 5);
        String job = Cluster.succeed(cluster.command("submit", "--checkpoint.interval", "500 ms"));
        assertThat(ids(topics, 5)).isEqualTo(ids("a", 5));

        Run second = cluster.command("submit").run();
        assertThat(second.exitCode()).as(second.out()).isEqualTo(1);
        assertThat(second.err()).contains("A job named flink-gpt2 runs already", job, "stop-job", "--job.name");

        Run well = cluster.command("cluster", "status").run();
        assertThat(well.exitCode()).as(well.out()).isZero();
        assertThat(well.out())
                .containsPattern("tasks (\\d+) of \\1, restarts [0?], checkpoints \\d+ completed, \\d+ failed");
        JsonNode before = cluster.status();
        assertThat(Cluster.jobState(before, job)).isEqualTo("RUNNING");
        Cluster.succeed(cluster.command("cluster", "kill-taskmanager", "--no-restart"));
        Run status = cluster.command("cluster", "status").run();
        assertThat(status.exitCode()).isEqualTo(1);
        assertThat(status.out()).contains("taskmanager", "ended", job);
        send(topics, "b", 5);
        Cluster.succeed(cluster.command("cluster", "kill-taskmanager"));
        assertThat(Cluster.pid(cluster.status(), "taskmanager")).isNotEqualTo(Cluster.pid(before, "taskmanager"));
        assertThat(ids(topics, 10)).containsAll(ids("b", 5));

        Run stopped = cluster.command("stop-job").run();
        assertThat(stopped.exitCode()).as(stopped.err()).isZero();
        Cluster.succeed(cluster.command("cluster", "restart-kafka"));
        send(topics, "c", 5);
        String resumed = Cluster.succeed(cluster.command(
                "submit", "-p", "1", "--savepoint", stopped.out().strip(), "--checkpoint.interval", "500 ms"));
        assertThat(ids(topics, 15)).containsAll(ids("c", 5)).hasSize(15);
        JsonNode after = cluster.status();
        assertThat(Cluster.jobState(after, job)).isEqualTo("FINISHED");
        assertThat(Cluster.jobState(after, resumed)).isEqualTo("RUNNING");
        Cluster.succeed(cluster.command("stop-job", resumed));
    }

    private void submitFiles(Cluster cluster) throws Exception {
        Path prompts = Files.writeString(temporary.resolve("prompts.csv"), "id,prompt\n1,The king\n2,\"a\nb\"\n3\n");
        Path answers = temporary.resolve("answers");
        String job = Cluster.succeed(cluster.command(
                "submit",
                "--source.files",
                prompts.toString(),
                "--sink.files",
                answers.toString(),
                "--request.max_tokens",
                "3",
                "--job.name",
                "files",
                "--checkpoint.interval",
                "300 ms"));
        Awaitility.await("the end of the files")
                .atMost(Running.PATIENCE)
                .until(() -> Cluster.jobState(cluster.status(), job).equals("FINISHED"));
        assertThat(lines(answers.resolve("completions")))
                .hasSize(2)
                .allMatch(line -> line.contains("\"completion_tokens\":3,"))
                .anyMatch(line -> line.contains("\"custom_id\":\"prompts.csv-10\"") && line.contains("{\"id\":\"1\"}"));
        assertThat(lines(answers.resolve("dead-letters")))
                .singleElement()
                .satisfies(line -> assertThat(line).contains("found 1 column, expected 2 columns"));
    }

    private static List<String> lines(Path directory) throws IOException {
        List<String> lines = new ArrayList<>();
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.filter(file -> !file.getFileName().toString().startsWith("."))
                    .toList()) {
                lines.addAll(Files.readAllLines(file));
            }
        }
        return lines;
    }

    /** {@code flink run} with the configuration that the cluster has written. */
    private void submitByFlinksOwnCommand(JsonNode status, Topics topics) throws Exception {
        send(topics, "d", 5);
        topics.send("prompts", "no json".getBytes(UTF_8));
        Run submitted = flink(
                        Path.of(status.path("flink_conf_dir").textValue()),
                        "run",
                        Command.deploy()
                                .resolve("target/dist/flink-gpt2-job.jar")
                                .toString(),
                        "--bootstrap-servers",
                        status.path("bootstrap_servers").textValue(),
                        "--model",
                        Command.bundledModel().toString(),
                        "--kafka.group.id",
                        "flinks-own",
                        "--job.name",
                        "flinks-own",
                        "--source.bounded",
                        "true")
                .run();
        assertThat(submitted.exitCode()).as(submitted.out() + submitted.err()).isZero();
        assertThat(submitted.out()).contains("Job has been submitted with JobID", "has finished");

        // A group of its own reads from the beginning: all that was sent, once more.
        List<JsonNode> completions = completions(topics, 35);
        assertThat(completions)
                .extracting(completion -> completion.path("choices"))
                .containsOnly(completions.get(0).path("choices"));
        assertThat(completions.get(0).path("usage").path("completion_tokens").intValue())
                .isEqualTo(6);
        JsonNode letter = Run.json(new String(topics.read("dead-letters", 1).get(0), UTF_8));
        assertThat(letter.path("error").path("code").textValue()).isEqualTo("invalid_json");
        assertThat(new String(Base64.getDecoder().decode(letter.path("value").textValue()), UTF_8))
                .isEqualTo("no json");
    }

    /** The client of a Flink distribution, with the class path of one. */
    private static Command flink(Path configuration, String... arguments) throws IOException {
        String classPath;
        try (Stream<Path> jars = Files.list(Command.deploy().resolve("target/dist/lib"))) {
            classPath = jars.filter(jar -> !jar.getFileName().toString().matches("(kafka|scala|jackson).*"))
                    .map(Path::toString)
                    .sorted()
                    .collect(Collectors.joining(java.io.File.pathSeparator));
        }
        return Command.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-opens=java.base/java.util=ALL-UNNAMED",
                        "-cp",
                        classPath,
                        "org.apache.flink.client.cli.CliFrontend")
                .with(arguments)
                .environment("FLINK_CONF_DIR", configuration.toString());
    }

    private static void assertForeignPagesAreRefused(String webUrl) throws IOException {
        int port = URI.create(webUrl).getPort();
        String own = "localhost:" + port;
        WebRequest overview = new WebRequest("GET", "/overview");
        WebRequest submit = new WebRequest("POST", "/jobs");
        assertThat(overview.status(port, own)).isEqualTo(200);
        assertThat(overview.status(port, "evil.example:" + port)).isEqualTo(403);
        assertThat(submit.status(port, own, "Origin: http://evil.example")).isEqualTo(403);
        // Nothing was sent, which is for the API to say.
        assertThat(submit.status(port, own, "Origin: http://" + own)).isEqualTo(400);
    }

    @Test
    void aStartThatIsTerminatedLeavesNothing() throws Exception {
        try (Cluster cluster = new Cluster(directory())) {
            try (Running start = cluster.start().start()) {
                awaitProcesses();
                start.signal("TERM");
                Run run = start.await();
                assertThat(run.err()).doesNotContain("\tat ");
                assertThat(run.exitCode()).isEqualTo(143);
            }
            assertNothingIsLeft();
        }
    }

    @Test
    void whatAStartThatWasKilledLeavesIsStopped() throws Exception {
        try (Cluster cluster = new Cluster(directory())) {
            try (Running start = cluster.start().start()) {
                awaitProcesses();
                start.signal("KILL");
                start.await();
            }
            assertThat(processes()).isNotEmpty();
            assertThat(Cluster.succeed(cluster.command("cluster", "stop"))).contains("Stopped");
            assertNothingIsLeft();
        }
    }

    @Test
    void aProcessThatDoesNotStartIsShownWithItsLastWords() throws Exception {
        try (Cluster cluster = new Cluster(directory())) {
            Run start = cluster.start("-D", "heartbeat.timeout=soon").run();

            assertThat(start.exitCode()).isEqualTo(1);
            assertThat(start.err()).contains("has ended instead of starting", "heartbeat.timeout");
            assertThat(processes()).isEmpty();
            assertThat(directory().resolve("log")).isNotEmptyDirectory();
        }
        assertNothingIsLeft();
    }

    private void awaitProcesses() {
        Awaitility.await("a process of the cluster")
                .atMost(Running.PATIENCE)
                .until(() -> !processes().isEmpty());
    }

    private void assertNothingIsLeft() {
        assertThat(processes()).isEmpty();
        assertThat(directory()).doesNotExist();
    }

    /** The servers of this cluster, by their command lines. */
    private List<ProcessHandle> processes() {
        String mark = "@" + directory();
        return ProcessHandle.allProcesses()
                .filter(process ->
                        process.info().arguments().stream().flatMap(Stream::of).anyMatch(word -> word.startsWith(mark)))
                .toList();
    }

    private static void send(Topics topics, String prefix, int count) throws Exception {
        for (String id : ids(prefix, count)) {
            topics.send("prompts", FIRST_WORDS.formatted(id).getBytes(UTF_8));
        }
    }

    private static Set<String> ids(String prefix, int count) {
        return Stream.iterate(0, i -> i + 1).limit(count).map(i -> prefix + i).collect(Collectors.toSet());
    }

    private static Set<String> ids(Topics topics, int count) {
        List<String> ids = new ArrayList<>();
        for (JsonNode completion : completions(topics, count)) {
            ids.add(completion.path("custom_id").textValue());
        }
        assertThat(ids).doesNotHaveDuplicates();
        return Set.copyOf(ids);
    }

    private static List<JsonNode> completions(Topics topics, int count) {
        return topics.read("completions", count).stream()
                .map(value -> Run.json(new String(value, UTF_8)))
                .toList();
    }
}
