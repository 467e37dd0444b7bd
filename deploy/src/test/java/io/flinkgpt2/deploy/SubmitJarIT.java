package io.flinkgpt2.deploy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.flinkgpt2.job.local.EmbeddedKafka;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The job jar on a Flink cluster of its own processes, handed over by Flink's own command line: the cluster has neither Kafka
 * nor this project on its class path, so all of it comes from the jar.
 */
class SubmitJarIT {

    private static final String JAVA =
            Path.of(System.getProperty("java.home"), "bin", "java").toString();
    /** What the cluster has no business to know: it is in the jar, or only the embedded broker needs it. */
    private static final String NOT_FLINKS = "(kafka|scala|jackson|metrics-core|jose4j|hash4j|caffeine|argparse4j).*";

    @TempDir
    private Path directory;

    @Test
    void everyPromptIsAnsweredByTheJobOfTheJar() throws Exception {
        int restPort = writeConfiguration();
        List<String> requests = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            requests.add(
                    "{\"custom_id\": \"r" + i + "\", \"prompt\": \"The king\", \"max_tokens\": 6, \"temperature\": 0}");
        }
        requests.add("no json");

        try (EmbeddedKafka kafka = EmbeddedKafka.start(EmbeddedKafka.Options.defaults());
                Topics topics = new Topics(kafka.bootstrapServers());
                Running jobManager = flink(
                                List.of("-Xmx384m"),
                                "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
                                "--configDir",
                                directory.toString())
                        .start();
                Running taskManager = flink(
                                List.of("-Xmx512m", "--add-modules=jdk.incubator.vector"),
                                "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
                                "--configDir",
                                directory.toString())
                        .start()) {
            for (String topic : List.of("prompts", "completions", "dead-letters")) {
                kafka.createTopic(topic, 1, Map.of());
            }
            for (String request : requests) {
                topics.send("prompts", request.getBytes(UTF_8));
            }
            awaitSlot(restPort, jobManager, taskManager);

            Run submitted = flink(
                            List.of("-Xmx256m"),
                            "org.apache.flink.client.cli.CliFrontend",
                            "run",
                            Command.deploy()
                                    .resolve("target/dist/flink-gpt2-job.jar")
                                    .toString(),
                            "--bootstrap-servers",
                            kafka.bootstrapServers(),
                            "--model",
                            Command.bundledModel().toString(),
                            "--checkpoint.interval",
                            "1 s",
                            "--source.bounded",
                            "true")
                    .run();

            assertThat(submitted.exitCode())
                    .as(submitted.out() + submitted.err())
                    .isZero();
            assertThat(submitted.out()).contains("Job has been submitted with JobID", "has finished");
            assertAnswers(topics);
        }
    }

    private static void assertAnswers(Topics topics) {
        List<JsonNode> completions = topics.read("completions", 20).stream()
                .map(value -> Run.json(new String(value, UTF_8)))
                .toList();
        assertThat(completions)
                .extracting(completion -> completion.path("custom_id").textValue())
                .doesNotHaveDuplicates()
                .allMatch(id -> id.matches("r1?[0-9]"));
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

    /** Writes the cluster's configuration; returns the port of its REST API. */
    private int writeConfiguration() throws IOException {
        int rpcPort;
        int restPort;
        try (ServerSocket rpc = new ServerSocket(0);
                ServerSocket rest = new ServerSocket(0)) {
            rpcPort = rpc.getLocalPort();
            restPort = rest.getLocalPort();
        }
        Path temporary = Files.createDirectory(directory.resolve("tmp"));
        Files.writeString(directory.resolve("config.yaml"), """
                jobmanager.rpc.address: localhost
                jobmanager.rpc.port: %d
                rest.address: localhost
                rest.bind-address: localhost
                rest.port: %d
                taskmanager.host: localhost
                taskmanager.bind-host: localhost
                taskmanager.numberOfTaskSlots: 1
                taskmanager.cpu.cores: 1
                taskmanager.memory.framework.heap.size: 128mb
                taskmanager.memory.framework.off-heap.size: 128mb
                taskmanager.memory.task.heap.size: 256mb
                taskmanager.memory.task.off-heap.size: 0
                taskmanager.memory.managed.size: 0
                taskmanager.memory.network.min: 32mb
                taskmanager.memory.network.max: 32mb
                taskmanager.memory.jvm-metaspace.size: 256mb
                taskmanager.memory.jvm-overhead.min: 192mb
                taskmanager.memory.jvm-overhead.max: 192mb
                io.tmp.dirs: %s
                """.formatted(rpcPort, restPort, temporary));
        Files.writeString(directory.resolve("log4j2.properties"), """
                status = warn
                appender.console.type = Console
                appender.console.name = console
                appender.console.target = SYSTEM_ERR
                appender.console.layout.type = PatternLayout
                appender.console.layout.pattern = %-5level %logger{1.} - %message%n%throwable
                rootLogger.level = warn
                rootLogger.appenderRef.console.ref = console
                """);
        return restPort;
    }

    /** A JVM with Flink's libraries; its configuration is found by the environment too, which only the client looks at. */
    private Command flink(List<String> jvmOptions, String mainClass, String... arguments) throws IOException {
        String classPath;
        try (Stream<Path> jars = Files.list(Command.deploy().resolve("target/dist/lib"))) {
            classPath = jars.filter(jar -> !jar.getFileName().toString().matches(NOT_FLINKS))
                    .map(Path::toString)
                    .sorted()
                    .collect(Collectors.joining(java.io.File.pathSeparator));
        }
        return Command.of(JAVA)
                .with(jvmOptions.toArray(new String[0]))
                .with(
                        "--add-opens=java.base/java.util=ALL-UNNAMED",
                        "-Dlog4j2.configurationFile=" + directory.resolve("log4j2.properties"),
                        "-cp",
                        classPath,
                        mainClass)
                .with(arguments)
                .environment("FLINK_CONF_DIR", directory.toString());
    }

    private static void awaitSlot(int restPort, Running jobManager, Running taskManager) throws IOException {
        HttpClient client = HttpClient.newHttpClient();
        HttpRequest overview = HttpRequest.newBuilder(URI.create("http://localhost:" + restPort + "/overview"))
                .build();
        try {
            Awaitility.await("a free slot")
                    .atMost(Running.PATIENCE)
                    .pollInterval(Duration.ofMillis(200))
                    .ignoreExceptionsInstanceOf(IOException.class)
                    .until(() -> {
                        HttpResponse<String> answer = client.send(overview, HttpResponse.BodyHandlers.ofString());
                        return answer.statusCode() == 200
                                && Run.json(answer.body())
                                                .path("slots-available")
                                                .asInt()
                                        == 1;
                    });
        } catch (org.awaitility.core.ConditionTimeoutException e) {
            throw new AssertionError(
                    "JobManager:\n" + jobManager.err() + jobManager.out() + "\nTaskManager:\n" + taskManager.err(), e);
        }
    }
}
