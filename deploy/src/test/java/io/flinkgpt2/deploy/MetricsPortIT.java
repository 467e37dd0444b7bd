package io.flinkgpt2.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.BindException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cluster of processes that tells its metrics, and logs in JSON. */
@Tag("full")
class MetricsPortIT {

    @TempDir
    private Path temporary;

    @Test
    void jobManagerAndTaskManagerTellTheirsAlsoAfterAKill() throws Exception {
        int port = freePair();
        Path directory = temporary.resolve("cluster");
        try (Cluster cluster = new Cluster(directory)) {
            Run started = cluster.start(
                            "--slots", "1", "--heap", "256m", "--metrics-port", "" + port, "--log-format", "json")
                    .run();
            assertThat(started.exitCode()).as(started.out() + started.err()).isZero();
            assertThat(started.out())
                    .contains("http://localhost:" + port + "/metrics", "http://localhost:" + (port + 1) + "/metrics");
            Cluster.succeed(cluster.command("submit", "--checkpoint.interval", "500 ms"));

            awaitMetric(port, "flink_jobmanager_job_numberOfCompletedCheckpoints");
            awaitMetric(port + 1, "flink_taskmanager_job_task_operator_requests");
            assertLogsAreJson(directory.resolve("log"));
            Cluster.succeed(cluster.command("cluster", "kill-taskmanager"));
            awaitMetric(port + 1, "flink_taskmanager_job_task_operator_requests");

            Run second = new Cluster(temporary.resolve("other"))
                    .start("--metrics-port", "" + port)
                    .run();
            assertThat(second.exitCode()).isEqualTo(1);
            assertThat(second.err()).contains("Port " + port, "in use");
        }
    }

    private static void assertLogsAreJson(Path logs) throws IOException {
        for (String process : List.of("kafka", "jobmanager", "taskmanager")) {
            List<JsonNode> lines = Run.jsonLines(logs.resolve(process + ".log"));
            assertThat(lines)
                    .as(process)
                    .isNotEmpty()
                    .allSatisfy(line ->
                            assertThat(line.fieldNames()).toIterable().contains("time", "level", "logger", "message"));
        }
        assertThat(Files.readString(logs.resolve("taskmanager.log"))).contains("\"job_id\":\"");
    }

    private static void awaitMetric(int port, String name) {
        Awaitility.await(name)
                .atMost(Running.PATIENCE)
                .ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> {
                    HttpResponse<String> response = HttpClient.newHttpClient()
                            .send(
                                    HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/metrics"))
                                            .build(),
                                    HttpResponse.BodyHandlers.ofString());
                    return response.body().lines().anyMatch(line -> line.startsWith(name + "{"));
                });
    }

    /** Returns a port that is free, as the next one is. */
    private static int freePair() throws IOException {
        while (true) {
            try (ServerSocket first = new ServerSocket(0);
                    ServerSocket second = new ServerSocket(first.getLocalPort() + 1)) {
                return second.getLocalPort() - 1;
            } catch (BindException e) {
                // The next one is taken: try another pair.
                continue;
            }
        }
    }
}
