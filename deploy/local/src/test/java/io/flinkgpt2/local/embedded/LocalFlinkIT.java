package io.flinkgpt2.local.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flinkgpt2.local.cluster.FlinkRest;
import io.flinkgpt2.local.cluster.JobHealth;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiterStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Most tests share one cluster of two slots. */
class LocalFlinkIT {

    private static final long PATIENCE_SECONDS = 60;
    private static final int SLOTS = 2;

    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static LocalFlink flink;

    @BeforeAll
    static void start() throws IOException {
        flink = LocalFlink.start(LocalFlink.Options.defaults().withSlots(SLOTS));
    }

    @AfterAll
    static void stop() throws IOException {
        flink.close();
    }

    @Test
    void aBoundedJobRunsToItsEnd() throws Exception {
        StreamExecutionEnvironment environment = flink.environment();
        assertThat(environment.getParallelism()).isEqualTo(SLOTS);

        List<Long> doubled =
                environment.fromSequence(1, 100).map(new Doubling(1)).executeAndCollect("doubling", 1000);

        assertThat(doubled).hasSize(100).allMatch(value -> value % 2 == 0);
        assertThat(doubled.stream().mapToLong(Long::longValue).sum()).isEqualTo(10_100);
    }

    @Test
    void executeWaitsForTheJobsEnd() throws Exception {
        StreamExecutionEnvironment environment = flink.environment();
        environment.fromSequence(1, 10).sinkTo(new DiscardingSink<>());

        assertThat(environment.execute("waits").isJobExecutionResult()).isTrue();
    }

    @Test
    void aFunctionTooLargeForAMessageReachesTheTaskManager() throws Exception {
        // Past blob.offload.minsize, so it goes through the blob server.
        StreamExecutionEnvironment environment = flink.environment();
        environment.fromSequence(1, 10).map(new Doubling(3_000_000)).sinkTo(new DiscardingSink<>());

        assertThat(environment.execute("large function").isJobExecutionResult()).isTrue();
    }

    @Test
    void theErrorOfAFailedJobIsKept() {
        StreamExecutionEnvironment environment = flink.environment();
        environment.fromSequence(1, 10).map(new Refusal()).sinkTo(new DiscardingSink<>());

        assertThatThrownBy(() -> environment.execute("fails"))
                .hasRootCauseInstanceOf(IllegalStateException.class)
                .rootCause()
                .hasMessageContaining("is refused");
    }

    @Test
    void aJobThatRunsIsWellAndOneThatFailsIsNot() throws Exception {
        FlinkRest rest = FlinkRest.at(flink.webUrl().getAuthority());
        JobClient running = endless(flink, new Configuration());

        JobHealth well = health(rest, running);
        assertThat(well.problems()).isEmpty();
        assertThat(well.runningTasks()).isEqualTo(1);
        assertThat(well.tasks()).isEqualTo(1);
        assertThat(well.restarts()).as("0, or not told yet").isLessThanOrEqualTo(0);
        // As many again as the cluster has slots for.
        JobClient waiting = submitEndless(flink, new Configuration(), SLOTS);
        await().atMost(Duration.ofSeconds(PATIENCE_SECONDS))
                .untilAsserted(() -> assertThat(health(rest, waiting).problems())
                        .containsExactly("runs 0 of its " + SLOTS + " tasks"));
        waiting.cancel().get(PATIENCE_SECONDS, SECONDS);
        running.cancel().get(PATIENCE_SECONDS, SECONDS);
        await().atMost(Duration.ofSeconds(PATIENCE_SECONDS))
                .until(() -> running.getJobStatus().get() == JobStatus.CANCELED);
        assertThat(health(rest, running).isWell()).isTrue();

        Configuration patient = new Configuration();
        patient.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
        patient.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, 1000);
        patient.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMinutes(1));
        StreamExecutionEnvironment environment = flink.environment(patient);
        environment.fromSequence(1, 10).map(new Refusal()).sinkTo(new DiscardingSink<>());
        JobClient failing = environment.executeAsync("fails again and again");
        await().atMost(Duration.ofSeconds(PATIENCE_SECONDS))
                .untilAsserted(() -> assertThat(health(rest, failing).problems())
                        .hasSize(2)
                        .startsWith("is RESTARTING")
                        .last()
                        .asString()
                        .contains("IllegalStateException", "is refused"));
        failing.cancel().get(PATIENCE_SECONDS, SECONDS);
    }

    private static JobHealth health(FlinkRest rest, JobClient client) throws IOException {
        String id = client.getJobID().toHexString();
        FlinkRest.Job job = rest.jobs().stream()
                .filter(found -> found.id().equals(id))
                .findFirst()
                .orElseThrow();
        return JobHealth.of(rest, job);
    }

    @Test
    void anEndlessJobIsCancelled() throws Exception {
        JobClient job = endless(flink, new Configuration());

        job.cancel().get(PATIENCE_SECONDS, SECONDS);

        await().atMost(Duration.ofSeconds(PATIENCE_SECONDS))
                .until(() -> job.getJobStatus().get() == JobStatus.CANCELED);
    }

    @Test
    void aSavepointGoesToTheClustersDirectoryAndAJobResumesFromIt() throws Exception {
        JobClient job = endless(flink, new Configuration());
        String savepoint = job.stopWithSavepoint(false, null, SavepointFormatType.CANONICAL)
                .get(PATIENCE_SECONDS, SECONDS);

        Path directory = Path.of(URI.create(savepoint));
        assertThat(directory).startsWith(flink.savepointDirectory()).isDirectoryContaining("glob:**/_metadata");
        assertThat(job.getJobStatus().get()).isEqualTo(JobStatus.FINISHED);

        Configuration resume = new Configuration();
        resume.setString("execution.state-recovery.path", savepoint);
        JobClient resumed = endless(flink, resume);
        URI checkpoints = flink.webUrl().resolve("/jobs/" + resumed.getJobID() + "/checkpoints");
        // A job that is being set up has none to show yet.
        await().atMost(Duration.ofSeconds(PATIENCE_SECONDS))
                .untilAsserted(() -> assertThat(json(checkpoints)
                                .at("/latest/restored/external_path")
                                .asText())
                        .isEqualTo(savepoint));
        resumed.cancel().get(PATIENCE_SECONDS, SECONDS);
    }

    @Test
    void aJobThatNeedsMoreSlotsThanThereAreIsRefusedAtOnce() {
        StreamExecutionEnvironment environment = flink.environment();
        environment.setParallelism(SLOTS + 1);
        environment.fromSequence(1, 10).sinkTo(new DiscardingSink<>());

        assertThatThrownBy(() -> environment.executeAsync("too wide"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("too wide", "parallelism of 3", "2 slots", "more slots");
    }

    @Test
    void theWebUiServesItsPageAndTheClustersOverview() throws Exception {
        assertThat(flink.webUrl()).hasScheme("http").hasHost("localhost");
        HttpResponse<String> page = get(flink.webUrl().resolve("/"));
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.body()).contains("<title>Apache Flink Web Dashboard</title>");

        JsonNode overview = json(flink.webUrl().resolve("/overview"));
        assertThat(overview.get("taskmanagers").asInt()).isEqualTo(1);
        assertThat(overview.get("slots-total").asInt()).isEqualTo(SLOTS);
        assertThat(overview.get("flink-version").asText()).startsWith("2.2");
    }

    @Test
    void theWebUiTakesNoJars() throws Exception {
        assertThat(json(flink.webUrl().resolve("/config"))
                        .at("/features/web-submit")
                        .asBoolean(true))
                .isFalse();
        assertThat(get(flink.webUrl().resolve("/jars")).statusCode()).isEqualTo(404);
    }

    @Test
    void noManagedMemoryIsReserved() throws Exception {
        JsonNode taskManager = json(flink.webUrl().resolve("/taskmanagers"))
                .get("taskmanagers")
                .get(0);

        assertThat(taskManager.at("/totalResource/managedMemory").asInt(-1)).isZero();
    }

    @Test
    void aPortThatIsTakenIsNamedAndNothingIsLeft(@TempDir Path parent) throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("localhost"))) {
            Path directory = parent.resolve("unused");
            LocalFlink.Options options = LocalFlink.Options.defaults()
                    .withWebPort(taken.getLocalPort())
                    .withWorkDirectory(directory);

            assertThatThrownBy(() -> LocalFlink.start(options))
                    .isInstanceOf(IOException.class)
                    .hasMessageContainingAll("web UI's port " + taken.getLocalPort(), "choose another")
                    .hasCauseInstanceOf(BindException.class);
            assertThat(directory).doesNotExist();
        }
    }

    @Test
    void closingEndsItsJobsFreesThePortAndDeletesTheDirectory() throws Exception {
        PrintStream standardOutput = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, UTF_8));
        LocalFlink other;
        try {
            other = LocalFlink.start(LocalFlink.Options.defaults());
            endless(other, new Configuration());
            other.close();
        } finally {
            System.setOut(standardOutput);
        }

        assertThat(other.savepointDirectory().getParent()).doesNotExist();
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress("localhost", other.webUrl().getPort()));
            assertThat(socket.isBound()).isTrue();
        }
        other.close();
        assertThat(printed.toString(UTF_8)).isEmpty();
    }

    @Test
    void aWorkDirectoryOfOnesOwnKeepsItsCheckpoints(@TempDir Path directory) throws Exception {
        LocalFlink.Options options = LocalFlink.Options.defaults()
                .withWorkDirectory(directory)
                .withSettings(Map.of("web.refresh-interval", "1234 ms"));
        Configuration checkpoints = new Configuration();
        checkpoints.setString("execution.checkpointing.interval", "50 ms");
        checkpoints.setString("execution.checkpointing.externalized-checkpoint-retention", "RETAIN_ON_CANCELLATION");
        try (LocalFlink other = LocalFlink.start(options)) {
            assertThat(json(other.webUrl().resolve("/config"))
                            .get("refresh-interval")
                            .asInt())
                    .isEqualTo(1234);
            endless(other, checkpoints);
            await().atMost(Duration.ofSeconds(PATIENCE_SECONDS))
                    .until(() -> containsFile(directory.resolve("checkpoints"), "_metadata"));
        }

        assertThat(containsFile(directory.resolve("checkpoints"), "_metadata")).isTrue();
    }

    /** Starts a job that does not end by itself, and waits until all of it runs. */
    private static JobClient endless(LocalFlink cluster, Configuration configuration) throws Exception {
        JobClient job = submitEndless(cluster, configuration, 1);
        URI details = cluster.webUrl().resolve("/jobs/" + job.getJobID());
        await().atMost(Duration.ofSeconds(PATIENCE_SECONDS))
                .untilAsserted(() -> assertThat(json(details).findValuesAsText("status"))
                        .isNotEmpty()
                        .containsOnly("RUNNING"));
        return job;
    }

    private static JobClient submitEndless(LocalFlink cluster, Configuration configuration, int parallelism)
            throws Exception {
        StreamExecutionEnvironment environment = cluster.environment(configuration);
        environment.setParallelism(parallelism);
        environment
                .fromSource(
                        new DataGeneratorSource<>(
                                index -> index, Long.MAX_VALUE, RateLimiterStrategy.perSecond(100), Types.LONG),
                        WatermarkStrategy.noWatermarks(),
                        "numbers")
                .uid("numbers")
                .sinkTo(new DiscardingSink<>())
                .uid("nowhere");
        return environment.executeAsync("endless");
    }

    private static boolean containsFile(Path directory, String name) throws IOException {
        if (!Files.isDirectory(directory)) {
            return false;
        }
        try (Stream<Path> files = Files.walk(directory)) {
            return files.anyMatch(file -> file.endsWith(name));
        }
    }

    private static HttpResponse<String> get(URI address) throws IOException, InterruptedException {
        return HTTP.send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
    }

    private static JsonNode json(URI address) throws IOException, InterruptedException {
        HttpResponse<String> response = get(address);
        assertThat(response.statusCode()).as(address + ": " + response.body()).isEqualTo(200);
        return new ObjectMapper().readTree(response.body());
    }

    /** Doubles, and carries some bytes that it has no use for. */
    private static final class Doubling implements MapFunction<Long, Long> {

        private final byte[] ballast;

        private Doubling(int ballast) {
            this.ballast = new byte[ballast];
        }

        @Override
        public Long map(Long value) {
            return 2 * value + ballast[0];
        }
    }

    /** Fails on its first value. */
    private static final class Refusal implements MapFunction<Long, Long> {

        @Override
        public Long map(Long value) {
            throw new IllegalStateException("value " + value + " is refused");
        }
    }
}
