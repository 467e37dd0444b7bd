package io.flinkgpt2.deploy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Broker, cluster and job in one process, as a user meets them; and how that process ends. */
class LocalIT {

    /** What whoever sends a signal commonly waits before killing. */
    private static final Duration SIGNAL_PATIENCE = Duration.ofSeconds(10);

    @TempDir
    private Path temporary;

    private int kafkaPort;
    private int webPort;

    @BeforeEach
    void findPorts() throws IOException {
        try (ServerSocket kafka = new ServerSocket(0);
                ServerSocket web = new ServerSocket(0)) {
            kafkaPort = kafka.getLocalPort();
            webPort = web.getLocalPort();
        }
    }

    @Test
    void answersPromptsUntilItIsTerminated() throws Exception {
        try (Running local = local().start()) {
            local.awaitOut("Ready.");
            assertThat(local.out())
                    .contains("localhost:" + kafkaPort, "http://localhost:" + webPort)
                    .contains("prompts -> completions, dead-letters")
                    .contains(Command.bundledModel().toString());
            byte[] large = new byte[20 << 20];
            Arrays.fill(large, (byte) 'x');

            try (Topics topics = new Topics("localhost:" + kafkaPort)) {
                topics.send(
                        "prompts",
                        "{\"prompt\": \"Once upon a time there was a\", \"max_tokens\": 8,"
                                .concat(" \"temperature\": 0, \"custom_id\": \"first\"}")
                                .getBytes(UTF_8));
                topics.send("prompts", large);
                JsonNode completion =
                        Run.json(new String(topics.read("completions", 1).get(0), UTF_8));
                assertThat(completion.path("custom_id").textValue()).isEqualTo("first");
                assertThat(Run.text(completion)).isEqualTo(" man who had a little boy who had");
                JsonNode letter =
                        Run.json(new String(topics.read("dead-letters", 1).get(0), UTF_8));
                assertThat(letter.path("error").path("code").textValue()).isEqualTo("invalid_json");
                assertThat(letter.has("value_truncated")).isFalse();
                assertThat(Base64.getDecoder().decode(letter.path("value").textValue()))
                        .isEqualTo(large);
            }
            assertThat(get("/").body()).contains("<html");
            assertThat(Run.json(get("/overview").body()).path("jobs-running").intValue())
                    .isEqualTo(1);
            for (WebRequest posted :
                    List.of(new WebRequest("POST", "/jobs"), new WebRequest("PATCH", "/jobs/" + "0".repeat(32)))) {
                assertThat(posted.status(webPort, "localhost:" + webPort)).isEqualTo(405);
            }
            assertPortsAreRefused();

            local.signal("TERM");
            assertEndedCleanly(local);
        }
    }

    /** While another process has the ports. */
    private void assertPortsAreRefused() throws IOException, InterruptedException {
        Run kafka = Command.launcher("local", "--kafka-port", "" + kafkaPort, "--web-port", "0")
                .run();
        assertThat(kafka.exitCode()).isEqualTo(1);
        assertThat(kafka.out()).isEmpty();
        assertThat(kafka.err()).contains("Kafka").contains("" + kafkaPort).contains("in use");

        Run web = Command.launcher("local", "--kafka-port", "0", "--web-port", "" + webPort)
                .run();
        assertThat(web.exitCode()).isEqualTo(1);
        assertThat(web.out()).isEmpty();
        assertThat(web.err()).contains("web UI").contains("" + webPort).contains("in use");
    }

    @Test
    void endsWithTheInterruptOfATerminal() throws Exception {
        // A build that runs in the background ignores INT, and so would what it starts.
        Command command = Command.of(
                        "env", "--default-signal=INT", Command.launcherPath().toString())
                .with(arguments());
        try (Running local = withTemporaryDirectory(command).start()) {
            local.awaitOut("Ready.");
            local.signal("INT");
            assertEndedCleanly(local);
        }
    }

    @Test
    void canBeTerminatedWhileTheBrokerStarts() throws Exception {
        try (Running local = local().start()) {
            local.awaitErr("Starting Kafka");
            local.signal("TERM");
            assertEndedCleanly(local);
            assertThat(local.out()).isEmpty();
        }
    }

    @Test
    void canBeTerminatedWhileTheClusterStarts() throws Exception {
        try (Running local = local().start()) {
            Awaitility.await("the work directory of Flink")
                    .atMost(Running.PATIENCE)
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> temporaryFiles().stream().anyMatch(name -> name.startsWith("flink-gpt2-flink-")));
            local.signal("TERM");
            assertEndedCleanly(local);
        }
    }

    private Command local() {
        return withTemporaryDirectory(Command.launcher(arguments()));
    }

    private String[] arguments() {
        return new String[] {"local", "--kafka-port", "" + kafkaPort, "--web-port", "" + webPort, "--parallelism", "1"};
    }

    private Command withTemporaryDirectory(Command command) {
        return command.environment("FLINK_GPT2_JAVA_OPTS", "-Djava.io.tmpdir=" + temporary);
    }

    private void assertEndedCleanly(Running local) throws IOException, InterruptedException {
        List<ProcessHandle> children = local.descendants();
        Run run = local.await(SIGNAL_PATIENCE);
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.err()).doesNotContain("Exception", "\tat ");
        assertThat(children).noneMatch(ProcessHandle::isAlive);
        assertThat(temporaryFiles()).isEmpty();
        for (int port : List.of(kafkaPort, webPort)) {
            assertThat(isListenedOn(port)).as("port " + port).isFalse();
        }
    }

    private List<String> temporaryFiles() throws IOException {
        try (Stream<Path> files = Files.list(temporary)) {
            return new ArrayList<>(
                    files.map(file -> file.getFileName().toString()).toList());
        }
    }

    private static boolean isListenedOn(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress("localhost", port), 1000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://localhost:" + webPort + path))
                .build();
        HttpResponse<String> response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).isEqualTo(200);
        return response;
    }
}
