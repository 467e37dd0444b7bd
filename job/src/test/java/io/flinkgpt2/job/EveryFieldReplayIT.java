package io.flinkgpt2.job;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.flinkgpt2.job.InterruptibleSource.Moment;
import io.flinkgpt2.job.kafka.KafkaConnections;
import io.flinkgpt2.job.kafka.TopicLimits;
import io.flinkgpt2.job.record.EveryFieldRequests;
import io.flinkgpt2.job.record.StableAnswer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Requests that use every field, between topics of a real broker: each is answered once, with the same bytes in both modes, at
 * other sizes of the batch and another parallelism, and after failures in the middle of its choices.
 */
@Tag("full")
class EveryFieldReplayIT {

    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final int PARTITIONS = 4;
    private static final int KEYS_OF_A_PARTITION = 3;
    private static final int FAILURES = 6;
    /** Times that a reader is asked for a record between two failures: they strike before all records are read. */
    private static final int MOST_POLLS = EveryFieldRequests.COUNT / FAILURES - 1;
    /** Before each record, and so for each step, until all failures have struck: checkpoints find requests on their way. */
    private static final Duration PAUSE = Duration.ofMillis(20);
    /** After each answer: fewer requests are answered than read. */
    private static final Duration ANSWER_PAUSE = PAUSE.multipliedBy(3);

    private static final ReportedState REPORTED = new ReportedState();

    private static TestStack stack;
    private static Map<String, String> oneByOne;
    /** The job of the test. */
    private static JobClient running;

    @BeforeAll
    static void start() throws Exception {
        stack = TestStack.start(REPORTED.addTo(new Configuration()).toMap());
        send("one-by-one", 0);
        start("one-by-one", 1, false, "--mode=map").getJobExecutionResult().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        oneByOne = answers("one-by-one");
        assertThat(oneByOne).hasSize(EveryFieldRequests.COUNT);
    }

    /** A test that failed leaves no job behind that would keep the others from their slots. */
    @AfterEach
    void endJob() throws Exception {
        TestStack.cancel(running);
        running = null;
    }

    @AfterAll
    static void stop() throws IOException {
        stack.close();
    }

    @ParameterizedTest
    @CsvSource({
        "map, 2, 1",
        "batch, 1, 12",
        "batch, 2, 5",
    })
    void rule4_4_failuresInTheMiddleOfRequestsChangeNoByte(String mode, int parallelism, int batchSize)
            throws Exception {
        String name = mode + "-" + parallelism;
        Random random = new Random(name.hashCode());
        send(name, name.hashCode());
        InterruptibleSource.reset();
        boolean batch = mode.equals("batch");
        pause(PAUSE, batch ? ANSWER_PAUSE : Duration.ZERO);
        JobClient job = start(name, parallelism, true, "--mode=" + mode, "--batch.size=" + batchSize);
        running = job;
        for (int failure = 0; failure < FAILURES; failure++) {
            // The readers wait for each other, or the failure would meet a job that is starting again already.
            // Nothing crosses a network, so only the subtask that failed starts again.
            int readers = parallelism + failure;
            await().atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> InterruptibleSource.readersMade() >= readers);
            InterruptibleSource.failAt(Moment.POLL, MOST_POLLS / 2 + random.nextInt(MOST_POLLS / 2));
            InterruptibleSource.letThrough(Integer.MAX_VALUE);
            await().atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> !InterruptibleSource.isFailureAhead());
            InterruptibleSource.letThrough(0);
        }
        InterruptibleSource.letThrough(Integer.MAX_VALUE);
        pause(Duration.ZERO, Duration.ZERO);
        job.getJobExecutionResult().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);

        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(stack.restarts(job.getJobID())).isGreaterThanOrEqualTo(FAILURES));
        assertSame(answers(name));
        if (batch) {
            assertThat(REPORTED.restoredSequences(job.getJobID()))
                    .as("sequences with generated tokens that came back from state")
                    .isGreaterThanOrEqualTo(FAILURES);
        }
    }

    private static void pause(Duration record, Duration answer) {
        InterruptibleSource.pause(record);
        PausingInterceptor.pause(answer);
    }

    /** Compares one by one, for the message of a comparison of all would be as long as all. */
    private static void assertSame(Map<String, String> found) {
        assertThat(found).containsOnlyKeys(oneByOne.keySet());
        oneByOne.forEach((id, answer) -> assertThat(found.get(id)).as(id).isEqualTo(answer));
    }

    /** Creates topics, and fills the one of the prompts: in the order of the file for seed 0, else in another one. */
    private static void send(String name, int seed) throws Exception {
        for (String topic : List.of("prompts-", "completions-", "dead-letters-")) {
            stack.createTopic(topic + name, PARTITIONS);
        }
        List<String> lines = new ArrayList<>(EveryFieldRequests.lines());
        if (seed != 0) {
            Collections.shuffle(lines, new Random(seed));
        }
        stack.produce(IntStream.range(0, lines.size())
                .mapToObj(i -> {
                    int partition = i % PARTITIONS;
                    String key = "key " + partition + "." + i / PARTITIONS % KEYS_OF_A_PARTITION;
                    return new ProducerRecord<>(
                            "prompts-" + name,
                            partition,
                            key.getBytes(UTF_8),
                            lines.get(i).getBytes(UTF_8));
                })
                .toList());
    }

    /** All jobs have one name, for ids depend on it. */
    private static JobClient start(String name, int parallelism, boolean interrupted, String... further)
            throws Exception {
        List<String> arguments = new ArrayList<>(List.of(
                "--topics.prompts=prompts-" + name,
                "--topics.completions=completions-" + name,
                "--topics.dead-letters=dead-letters-" + name,
                "--kafka.group.id=" + name,
                "--max-context=" + EveryFieldRequests.MAX_CONTEXT,
                "--model.aliases=" + EveryFieldRequests.MODEL,
                // One step for each record, so that requests are on their way while others are read.
                "--batch.max-hold=0 ms",
                "--kafka.interceptor.classes=" + PausingInterceptor.class.getName(),
                "--checkpoint.interval",
                "100 ms"));
        arguments.addAll(Arrays.asList(further));
        JobSettings settings = stack.settings(arguments.toArray(new String[0]));
        StreamExecutionEnvironment environment = stack.environment(
                parallelism, Map.of("restart-strategy.fixed-delay.attempts", String.valueOf(2 * FAILURES)));
        KafkaConnections kafka = new KafkaConnections(settings.kafka(), TopicLimits.of(settings.kafka()));
        CompletionJob.build(
                environment,
                settings,
                interrupted ? new InterruptibleSource(kafka.prompts()) : kafka.prompts(),
                kafka.completions(),
                kafka.deadLetters());
        return environment.executeAsync(name);
    }

    /** Returns the committed answers by their request, none of which has two, where there are no dead letters. */
    private static Map<String, String> answers(String name) {
        assertThat(TestStack.json(stack.uncommitted("dead-letters-" + name))).isEmpty();
        return stack.committed("completions-" + name).stream()
                .collect(Collectors.toMap(EveryFieldReplayIT::id, record -> StableAnswer.of(record.value())));
    }

    private static String id(ConsumerRecord<byte[], byte[]> record) {
        return TestStack.json(record.value()).findValue("custom_id").asText();
    }
}
