package io.flinkgpt2.job;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.flinkgpt2.job.kafka.KafkaConnections;
import io.flinkgpt2.job.kafka.TopicLimits;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Runs with an end, between topics of a real broker: they end by themselves, wherever they go on from. */
class BoundedRunIT {

    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final int REQUESTS = 40;
    private static final int PARTITIONS = 4;

    private static TestStack stack;

    @BeforeAll
    static void start() throws IOException {
        stack = TestStack.start();
    }

    @AfterAll
    static void stop() throws IOException {
        stack.close();
    }

    @Test
    void aRunThatGoesOnInTheMiddleAtAnotherParallelismEndsByItself() throws Exception {
        createTopics("middle");
        produce("middle", 0, REQUESTS, PARTITIONS);
        String savepoint = runAndStop("middle", 15);
        assertThat(ids("middle")).hasSizeLessThan(REQUESTS);

        runToTheEnd("middle", 2, savepoint);

        assertThat(ids("middle")).containsExactlyInAnyOrderElementsOf(expected(REQUESTS));
        assertThat(stack.committedOffsets("group-middle")).containsExactly(10L, 10L, 10L, 10L);
    }

    @Test
    void aRunThatGoesOnAfterItsLastPromptWasReadAnswersWhatWasInFlightAndEndsByItself() throws Exception {
        createTopics("all-read");
        produce("all-read", 0, REQUESTS, PARTITIONS);
        String savepoint = runAndStop("all-read", REQUESTS);
        assertThat(ids("all-read")).hasSizeLessThan(REQUESTS);

        runToTheEnd("all-read", 2, savepoint);

        assertThat(ids("all-read")).containsExactlyInAnyOrderElementsOf(expected(REQUESTS));
    }

    @Test
    void theEndIsThatOfTheFirstStartAndForAddedPartitionsThatOfTheStartThatFindsThem() throws Exception {
        createTopics("added");
        produce("added", 0, REQUESTS, PARTITIONS);
        String savepoint = runAndStop("added", 15);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", stack.bootstrapServers()))) {
            admin.createPartitions(Map.of("prompts-added", NewPartitions.increaseTo(PARTITIONS + 1)))
                    .all()
                    .get();
        }
        await().atMost(PATIENCE).until(() -> partitions("prompts-added") == PARTITIONS + 1);
        stack.produce(List.of(
                TestStack.request("prompts-added", 0, request(1_000)),
                TestStack.request("prompts-added", 4, request(REQUESTS))));

        runToTheEnd("added", 2, savepoint);

        assertThat(ids("added")).containsExactlyInAnyOrderElementsOf(expected(REQUESTS + 1));
        assertThat(stack.committedOffsets("group-added")).containsExactly(10L, 10L, 10L, 10L, 1L);
    }

    @Test
    void theNextRunOfAGroupAnswersOnlyWhatIsNew() throws Exception {
        createTopics("again");
        for (int run = 1; run <= 3; run++) {
            produce("again", 4 * (run - 1), 4 * run, PARTITIONS);

            runToTheEnd("again", 2, null);

            assertThat(stack.committedOffsets("group-again"))
                    .containsOnly((long) run)
                    .hasSize(PARTITIONS);
            assertThat(ids("again")).containsExactlyInAnyOrderElementsOf(expected(4 * run));
        }
    }

    @Test
    void theStateOfARunWithoutEndIsRefused() throws Exception {
        createTopics("endless");
        produce("endless", 0, REQUESTS, PARTITIONS);
        String savepoint = runAndStop("endless", 15, "--source.bounded=false");

        JobClient job = start("endless", 2, savepoint, false);

        assertThatThrownBy(() -> job.getJobExecutionResult().get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .rootCause()
                .hasMessageContaining("has no end in the state that the job goes on from")
                .hasMessageContaining("go on without it");
    }

    /** All prompts are one, so that all answers of one precision are one text. */
    @Test
    void aRunThatGoesOnInAnotherPrecisionMixesNoAnswerAndWhatItRefusesIsADeadLetter() throws Exception {
        int requests = 16;
        createTopics("precision");
        produce("precision", 0, requests, PARTITIONS);
        String named = request(requests).replace("{", "{\"model\": \"fairytales\", ");
        stack.produce(List.of(TestStack.request("prompts-precision", 3, named)));
        String savepoint = runAndStop("precision", requests + 1);

        runToTheEnd("precision", 2, savepoint, "--precision=int8", "--model.name=renamed");

        Map<String, Set<String>> texts = new HashMap<>();
        List<String> answered = new ArrayList<>();
        TestStack.json(stack.committed("completions-precision")).forEach(answer -> {
            answered.add(answer.get("custom_id").asText());
            String fingerprint = answer.get("system_fingerprint").asText();
            texts.computeIfAbsent(fingerprint.replaceAll(".*-", ""), mode -> new HashSet<>())
                    .add(answer.at("/choices/0/text").asText());
        });
        assertThat(answered).containsExactlyInAnyOrderElementsOf(expected(requests));
        assertThat(texts.get("int8")).hasSize(1);
        assertThat(texts.getOrDefault("f32", Set.of()))
                .hasSizeLessThan(2)
                .doesNotContainAnyElementsOf(texts.get("int8"));
        assertThat(TestStack.json(stack.committed("dead-letters-precision")))
                .singleElement()
                .satisfies(letter -> {
                    assertThat(letter.at("/error/code").asText()).isEqualTo("model_not_found");
                    assertThat(new String(
                                    Base64.getDecoder()
                                            .decode(letter.get("value").asText()),
                                    UTF_8))
                            .isEqualTo(named);
                });
    }

    /** Lets one subtask read so many prompts, and stops while answers are in flight: two at a time, 100 tokens each. */
    private static String runAndStop(String name, int prompts, String... further) throws Exception {
        InterruptibleSource.reset();
        InterruptibleSource.letThrough(prompts);
        JobClient job = start(name, 1, null, true, further);
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(10))
                .until(() -> InterruptibleSource.emitted() == prompts);
        return job.stopWithSavepoint(false, null, SavepointFormatType.CANONICAL)
                .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    private static void runToTheEnd(String name, int parallelism, String savepoint, String... further)
            throws Exception {
        JobClient job = start(name, parallelism, savepoint, false, further);
        job.getJobExecutionResult().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertThat(job.getJobStatus().get()).isEqualTo(JobStatus.FINISHED);
        assertThat(stack.restarts(job.getJobID())).isZero();
    }

    private static JobClient start(
            String name, int parallelism, String savepoint, boolean interruptible, String... further) throws Exception {
        List<String> arguments = new ArrayList<>(List.of(
                "--topics.prompts=prompts-" + name,
                "--topics.completions=completions-" + name,
                "--topics.dead-letters=dead-letters-" + name,
                "--group.id=group-" + name,
                "--batch.size=2",
                "--batch.max-hold",
                "1 ms"));
        arguments.addAll(List.of(further));
        JobSettings settings = stack.settings(arguments.toArray(new String[0]));
        StreamExecutionEnvironment environment = stack.environment(
                parallelism, savepoint == null ? Map.of() : Map.of("execution.state-recovery.path", savepoint));
        if (interruptible) {
            KafkaConnections kafka = new KafkaConnections(settings.kafka(), TopicLimits.of(settings.kafka()));
            CompletionJob.build(
                    environment,
                    settings,
                    new InterruptibleSource(kafka.prompts()),
                    kafka.completions(),
                    kafka.deadLetters());
        } else {
            CompletionJob.build(environment, settings, TopicLimits.of(settings.kafka()));
        }
        return environment.executeAsync(name);
    }

    private static void createTopics(String name) throws Exception {
        stack.createTopic("prompts-" + name, PARTITIONS);
        stack.createTopic("completions-" + name, 1);
        stack.createTopic("dead-letters-" + name, 1);
    }

    private static int partitions(String topic) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", stack.bootstrapServers()))) {
            return admin.describeTopics(List.of(topic))
                    .allTopicNames()
                    .get()
                    .get(topic)
                    .partitions()
                    .size();
        }
    }

    private static void produce(String name, int first, int end, int partitions) throws Exception {
        stack.produce(IntStream.range(first, end)
                .mapToObj(i -> TestStack.request("prompts-" + name, i % partitions, request(i)))
                .toList());
    }

    private static String request(int i) {
        return "{\"custom_id\": \"r-" + i
                + "\", \"prompt\": \"Once upon a time\", \"max_tokens\": 100, \"temperature\": 0}";
    }

    private static List<String> expected(int requests) {
        return IntStream.range(0, requests).mapToObj(i -> "r-" + i).toList();
    }

    /** Those of the committed answers, each as often as it is there. */
    private static List<String> ids(String name) {
        assertThat(stack.uncommitted("dead-letters-" + name)).isEmpty();
        return TestStack.json(stack.committed("completions-" + name))
                .map((JsonNode answer) -> answer.get("custom_id").asText())
                .toList();
    }
}
