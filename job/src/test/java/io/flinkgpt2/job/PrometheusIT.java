package io.flinkgpt2.job;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flinkgpt2.job.MonitoringFiles.Query;
import io.flinkgpt2.job.kafka.TopicLimits;
import io.flinkgpt2.local.server.Ports;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real Prometheus with our configuration, alerts and queries, beside a job that runs. Needs Debian's package prometheus. */
@Tag("full")
class PrometheusIT {

    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final ObjectMapper MAPPER = new ObjectMapper();

    @TempDir
    private Path directory;

    @Test
    void theFilesAreRightAndEveryAlertFiresWhereItShould() throws Exception {
        for (Path configuration : MonitoringFiles.CONFIGURATIONS) {
            assertThat(promtool("check", "config", configuration.toString())).contains("SUCCESS");
        }
        assertThat(promtool("check", "rules", MonitoringFiles.ALERTS.toString()))
                .contains("SUCCESS: " + MonitoringFiles.alerts().size() + " rules found");
        assertThat(promtool("test", "rules", MonitoringFiles.ALERT_TESTS.toString()))
                .contains("SUCCESS");
    }

    /** A test that finds nothing wrong with any rules would show nothing. */
    @Test
    void anAlertThatNeverFiresIsFound() throws Exception {
        String rules = Files.readString(MonitoringFiles.ALERTS);
        assertThat(rules).contains("[10m])) > 0");
        Files.writeString(directory.resolve("alerts.yml"), rules.replace("[10m])) > 0", "[10m])) > 1000"));
        Path tests = Files.copy(MonitoringFiles.ALERT_TESTS, directory.resolve("alerts.test.yml"));

        assertThat(run("promtool", "test", "rules", tests.toString())).contains("FAILED", "RequestsFail");
    }

    @Test
    void everyPanelAndEveryAlertHasAValueWhileTheJobRuns() throws Exception {
        List<Integer> ports = Ports.choose(0, 0);
        int metricsPort = ports.get(0);
        try (TestStack stack = TestStack.start(MetricsPage.reporter(metricsPort))) {
            for (String topic : List.of("prompts", "completions", "dead-letters")) {
                stack.createTopic(topic, 2);
            }
            JobClient job = startJob(stack);
            Process prometheus = startPrometheus(metricsPort, ports.get(1));
            try (KafkaProducer<byte[], byte[]> producer = stack.producer(Map.of())) {
                List<Query> queries = new ArrayList<>(MonitoringFiles.panelQueries());
                MonitoringFiles.alertQueries()
                        .forEach(query -> queries.add(new Query(query.owner(), comparison(query.expression()))));
                await().atMost(PATIENCE).pollInterval(Duration.ofMillis(500)).untilAsserted(() -> {
                    send(producer);
                    assertThat(prometheus.isAlive()).isTrue();
                    assertThat(withoutValue(ports.get(1), queries)).isEmpty();
                });
                assertThat(ask(ports.get(1), "/api/v1/query?query=" + encode("min(up)"))
                                .at("/data/result/0/value/1")
                                .asText())
                        .isEqualTo("1");
                assertThat(ask(ports.get(1), "/api/v1/rules").findValuesAsText("health"))
                        .hasSize(MonitoringFiles.alerts().size())
                        .containsOnly("ok");
                // Half of the records are dead letters: for five minutes of that an alert would wait.
                assertThat(ask(ports.get(1), "/api/v1/alerts").at("/data/alerts"))
                        .noneMatch(alert -> alert.path("state").asText().equals("firing"));
            } finally {
                prometheus.destroy();
                prometheus.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                TestStack.cancel(job);
            }
        }
    }

    /**
     * Returns an expression that tells whether an alert's condition holds, by 0 or 1, in place of one that has no value where it
     * does not. {@code absent} has a value only where the metric has none, and the other side of its {@code or} has it here.
     */
    private static String comparison(String expression) {
        String comparison = expression.replaceAll(" (==|!=|<=|>=|<|>) ", " $1 bool ");
        assertThat(comparison).isNotEqualTo(expression);
        return comparison;
    }

    private static JobClient startJob(TestStack stack) throws Exception {
        JobSettings settings = stack.settings("--source.bounded=false", "--checkpoint.interval", "1 s");
        StreamExecutionEnvironment environment = stack.environment(2);
        CompletionJob.build(environment, settings, TopicLimits.of(settings.kafka()));
        return environment.executeAsync("flink-gpt2");
    }

    /** Requests with a beginning in common that is longer than a block of the KV cache, and a dead letter. */
    private static void send(KafkaProducer<byte[], byte[]> producer) {
        for (int partition = 0; partition < 2; partition++) {
            producer.send(TestStack.request(
                    "prompts", partition, "{\"prompt\": \"" + "once ".repeat(80) + "\", \"max_tokens\": 4}"));
            producer.send(TestStack.request("prompts", partition, "{}"));
        }
        producer.flush();
    }

    /** Starts Prometheus with the configuration for this machine, told the one port of this test's cluster. */
    private Process startPrometheus(int metricsPort, int port) throws IOException {
        String configuration = Files.readString(MonitoringFiles.CONFIGURATIONS.get(1))
                .replaceAll("targets: .*", "targets: [\"localhost:" + metricsPort + "\"]")
                .replaceAll("interval: 5s", "interval: 1s");
        assertThat(configuration).contains("localhost:" + metricsPort, "interval: 1s");
        Files.copy(MonitoringFiles.ALERTS, directory.resolve("alerts.yml"));
        Path file = Files.writeString(directory.resolve("prometheus.yml"), configuration);
        return process(
                        "prometheus",
                        "--config.file=" + file,
                        "--storage.tsdb.path=" + directory.resolve("data"),
                        "--web.listen-address=localhost:" + port)
                .start();
    }

    /** Returns the queries whose answer holds no number. */
    private static List<String> withoutValue(int port, List<Query> queries) throws IOException, InterruptedException {
        List<String> missing = new ArrayList<>();
        for (Query query : queries) {
            boolean found = false;
            for (JsonNode sample : ask(port, "/api/v1/query?query=" + encode(query.expression()))
                    .at("/data/result")) {
                found |= Double.isFinite(
                        Double.parseDouble(sample.at("/value/1").asText().replace("Inf", "Infinity")));
            }
            if (!found) {
                missing.add(query.owner() + ": " + query.expression());
            }
        }
        return missing;
    }

    private static JsonNode ask(int port, String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
                .build();
        HttpResponse<String> response = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return MAPPER.readTree(response.body());
    }

    private static String encode(String expression) {
        return URLEncoder.encode(expression, UTF_8);
    }

    private String promtool(String... arguments) throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(List.of("promtool"));
        words.addAll(List.of(arguments));
        String output = run(words.toArray(new String[0]));
        assertThat(output).doesNotContain("FAILED");
        return output;
    }

    private String run(String... words) throws IOException, InterruptedException {
        Process process = process(words).start();
        assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        return Files.readString(directory.resolve("output"));
    }

    /** Its output goes to a file, so that it is never held up. */
    private ProcessBuilder process(String... words) {
        return new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("output").toFile());
    }
}
