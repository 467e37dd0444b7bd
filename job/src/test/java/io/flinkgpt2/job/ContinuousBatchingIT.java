package io.flinkgpt2.job;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.job.InterruptibleSource.Moment;
import io.flinkgpt2.job.kafka.KafkaConnections;
import io.flinkgpt2.job.kafka.TopicLimits;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.checkpoint.CheckpointException;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Continuous batching between topics of a real broker, while it fails at random places and goes from one subtask to two and
 * back with all batches full: each request is answered once, with the text of one prompt at a time; and where that was asked
 * for, those of a key in the order of its requests.
 */
class ContinuousBatchingIT {

    private static final Logger LOG = LoggerFactory.getLogger(ContinuousBatchingIT.class);
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final int REQUESTS = 160;
    private static final int PARTITIONS = 4;
    private static final int PLACES = 12;
    /** After each record read, and so with each step: a request takes the better part of a second. */
    private static final Duration PAUSE = Duration.ofMillis(20);
    /** After each answer: fewer requests are answered than read, and others wait for their places. */
    private static final Duration ANSWER_PAUSE = PAUSE.multipliedBy(3);
    /** After both while a stop is on its way, so that it finds the requests where they were seen. */
    private static final Duration LONG_PAUSE = PAUSE.multipliedBy(10);

    private static final int VOCABULARY = 50257;
    private static final int KEYS = 12;
    /** In three quarters of the runs at least so many sequences shall come back from state. */
    private static final int ENOUGH_RESTORED = 8;

    private static final ReportedState REPORTED = new ReportedState();

    private static TestStack stack;
    /** The job of the test. */
    private static JobClient running;

    private static List<String> requests;
    private static Map<String, JsonNode> oneByOne;

    @BeforeAll
    static void start() throws Exception {
        Configuration reporting = REPORTED.addTo(new Configuration());
        stack = TestStack.start(reporting.toMap());
        requests = requests(new Random(1));
        createTopics("one-by-one");
        stack.produce(records("prompts-one-by-one", requests));
        start(settings("one-by-one", "--mode=map"), 2, null)
                .getJobExecutionResult()
                .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        oneByOne = answers("completions-one-by-one");
        assertThat(oneByOne).hasSize(REQUESTS);
    }

    /** What a failed test leaves behind would keep the others from their slots. */
    @AfterEach
    void endJob() throws Exception {
        TestStack.cancel(running);
        running = null;
    }

    @AfterAll
    static void stop() throws IOException {
        stack.close();
    }

    @Test
    void rule4_4_eachRequestIsAnsweredOnceWithTheSameTextWhateverHappensOnTheWay() throws Exception {
        run(0, 4);
    }

    @Test
    @Tag("full")
    void rule4_4_eachRequestIsAnsweredOnceWithTheSameTextWhateverHappensOnManyWays() throws Exception {
        run(4, 20);
    }

    @Test
    void rule4_4_theAnswersOfAKeyAreInTheOrderOfItsRequestsWhateverHappensOnTheWay() throws Exception {
        run(100, "--ordering=key");

        Map<String, List<Integer>> asked = places(stack.committed("prompts-seed-100"));
        assertThat(asked).hasSize(KEYS);
        Map<String, List<Integer>> answered = places(stack.committed("completions-seed-100"));
        assertThat(answered).isEqualTo(asked);
        assertThat(asked.values()).allSatisfy(ofKey -> assertThat(ofKey).hasSizeGreaterThan(5));
    }

    /** For each key the numbers of its requests in the order in which they lie in the topic; without a key there is none. */
    private static Map<String, List<Integer>> places(List<ConsumerRecord<byte[], byte[]>> records) {
        return records.stream()
                .filter(record -> record.key() != null)
                .collect(Collectors.groupingBy(
                        record -> new String(record.key(), UTF_8),
                        Collectors.mapping(
                                record -> Integer.valueOf(TestStack.json(record.value())
                                        .get("custom_id")
                                        .asText()
                                        .substring(2)),
                                Collectors.toList())));
    }

    private static void run(int firstSeed, int endSeed) throws Exception {
        List<Long> restored = new ArrayList<>();
        for (int seed = firstSeed; seed < endSeed; seed++) {
            restored.add(run(seed));
        }
        long enough =
                restored.stream().filter(count -> count >= ENOUGH_RESTORED).count();
        assertThat(4 * enough).as("restored sequences %s", restored).isGreaterThanOrEqualTo(3L * restored.size());
    }

    /** @return how many sequences with generated tokens came back from state */
    private static long run(int seed, String... further) throws Exception {
        Random random = new Random(seed);
        String name = "seed-" + seed;
        createTopics(name);
        List<String> shuffled = new ArrayList<>(requests);
        Collections.shuffle(shuffled, random);
        stack.produce(records("prompts-" + name, shuffled));
        JobSettings settings = settings(name, further);
        List<JobID> jobs = new ArrayList<>();

        InterruptibleSource.reset();
        pause(PAUSE, ANSWER_PAUSE);
        InterruptibleSource.letThrough(40);
        InterruptibleSource.failAt(Moment.POLL, 15 + random.nextInt(16));
        String savepoint = runAndStop(settings, 1, null, jobs);
        List<Long> one = REPORTED.checkpointedRequests(jobs.get(0));

        InterruptibleSource.reset();
        pause(PAUSE, ANSWER_PAUSE);
        InterruptibleSource.letThrough(PLACES);
        InterruptibleSource.failAt(Moment.SNAPSHOT, 1 + random.nextInt(4));
        savepoint = runAndStop(settings, 2, savepoint, jobs);
        List<Long> two = REPORTED.checkpointedRequests(jobs.get(1));

        InterruptibleSource.reset();
        pause(Duration.ZERO, Duration.ZERO);
        InterruptibleSource.letThrough(Integer.MAX_VALUE);
        InterruptibleSource.failAt(Moment.END_OF_INPUT, 1);
        JobClient job = start(settings, 1, savepoint);
        jobs.add(job.getJobID());
        running = job;
        job.getJobExecutionResult().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertThat(InterruptibleSource.isFailureAhead()).isFalse();

        List<Long> restored = jobs.stream().map(REPORTED::restoredSequences).toList();
        LOG.info(
                "Seed {}: the savepoint of 1 subtask held {} requests, those of 2 held {}; with the failures {} sequences"
                        + " with generated tokens came back in the three jobs",
                seed,
                one,
                two,
                restored);
        assertThat(answers("completions-" + name)).isEqualTo(oneByOne);
        assertThat(stack.uncommitted("dead-letters-" + name)).isEmpty();
        assertThat(one).hasSize(1);
        assertThat(two)
                .as("requests in the savepoint, of each of two subtasks with %d places", PLACES)
                .hasSize(2)
                .allSatisfy(count -> assertThat(count).isGreaterThanOrEqualTo(PLACES));
        return restored.stream().mapToLong(count -> count).sum();
    }

    private static void pause(Duration record, Duration answer) {
        InterruptibleSource.pause(record);
        PausingInterceptor.pause(answer);
    }

    /** Runs until a failure has struck and full batches, for whose places others wait, are on their way again, and stops. */
    private static String runAndStop(JobSettings settings, int parallelism, String savepoint, List<JobID> jobs)
            throws Exception {
        JobClient job = start(settings, parallelism, savepoint);
        jobs.add(job.getJobID());
        running = job;
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(10))
                .until(() -> !InterruptibleSource.isFailureAhead() && REPORTED.hasRestarted(job.getJobID()));
        int enough = savepoint == null ? 1 : PLACES / 2;
        // Some wait too while the restored ones of a batch that is not full get in one after the other.
        int inAll = savepoint == null ? 0 : PLACES + enough;
        // A subtask that did not fail goes on while the other starts: it gets what keeps it full and no more, as its
        // partitions would be empty otherwise before the other is full too.
        IntPredicate hasEnough = subtask -> {
            List<Long> waiting = REPORTED.waitingRequests(job.getJobID());
            List<Long> begun = REPORTED.sequencesInFlight(job.getJobID());
            return waiting.size() == parallelism
                    && begun.size() == parallelism
                    && waiting.get(subtask) >= enough
                    && waiting.get(subtask) + begun.get(subtask) >= inAll;
        };
        if (savepoint != null) {
            InterruptibleSource.letThroughWhere(hasEnough.negate());
        }
        while (true) {
            await().atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> IntStream.range(0, parallelism).allMatch(hasEnough));
            pause(LONG_PAUSE, LONG_PAUSE);
            Optional<String> stopped = tryToStop(job);
            if (stopped.isPresent()) {
                return stopped.get();
            }
            pause(PAUSE, ANSWER_PAUSE);
        }
    }

    /**
     * Returns the savepoint, or nothing if a task was starting again: the stop is refused then, and the job goes on, or starts
     * again as a whole where the stop had begun.
     */
    private static Optional<String> tryToStop(JobClient job) throws Exception {
        try {
            return Optional.of(job.stopWithSavepoint(false, null, SavepointFormatType.CANONICAL)
                    .get(PATIENCE.toSeconds(), TimeUnit.SECONDS));
        } catch (ExecutionException e) {
            if (e.getCause() instanceof CheckpointException) {
                LOG.info("The stop was refused", e);
                return Optional.empty();
            }
            throw e;
        }
    }

    private static JobClient start(JobSettings settings, int parallelism, String savepoint) throws Exception {
        Map<String, String> further = new HashMap<>();
        // A stop that comes too early costs a start, beside the one that the injected failure costs.
        further.put("restart-strategy.fixed-delay.attempts", "20");
        if (savepoint != null) {
            further.put("execution.state-recovery.path", savepoint);
        }
        StreamExecutionEnvironment environment = stack.environment(parallelism, further);
        KafkaConnections kafka = new KafkaConnections(settings.kafka(), TopicLimits.of(settings.kafka()));
        boolean interrupted = settings.generationMode() == JobOptions.GenerationMode.BATCH;
        CompletionJob.build(
                environment,
                settings,
                interrupted ? new InterruptibleSource(kafka.prompts()) : kafka.prompts(),
                kafka.completions(),
                kafka.deadLetters());
        return environment.executeAsync(settings.kafka().promptsTopic());
    }

    private static JobSettings settings(String name, String... further) {
        List<String> arguments = new ArrayList<>(List.of(
                "--topics.prompts=prompts-" + name,
                "--topics.completions=completions-" + name,
                "--topics.dead-letters=dead-letters-" + name,
                "--kafka.group.id=" + name,
                "--max-context=256",
                "--batch.size=" + PLACES,
                // One step for each record, and so, soon, others that wait for the places: a stop finds none of them
                // free.
                "--batch.max-hold=0 ms",
                "--kafka.interceptor.classes=" + PausingInterceptor.class.getName(),
                "--checkpoint.interval",
                "200 ms"));
        arguments.addAll(Arrays.asList(further));
        return stack.settings(arguments.toArray(new String[0]));
    }

    private static void createTopics(String name) throws Exception {
        stack.createTopic("prompts-" + name, PARTITIONS);
        stack.createTopic("completions-" + name, PARTITIONS);
        stack.createTopic("dead-letters-" + name, PARTITIONS);
    }

    private static List<ProducerRecord<byte[], byte[]>> records(String topic, List<String> values) {
        return IntStream.range(0, values.size())
                .mapToObj(i -> {
                    int partition = i % PARTITIONS;
                    int key = i / PARTITIONS % 4;
                    // A key lies in one partition; a quarter of the requests has none.
                    byte[] keyBytes = key == 3 ? null : ("key " + partition + "." + key).getBytes(UTF_8);
                    return new ProducerRecord<>(
                            topic, partition, keyBytes, values.get(i).getBytes(UTF_8));
                })
                .toList();
    }

    /** Prompts of 5 to 200 tokens, of which some begin alike, and outputs of 8 to 64, greedy and drawn. */
    private static List<String> requests(Random random) {
        int[] beginning = random.ints(100, 0, VOCABULARY).toArray();
        return IntStream.range(0, REQUESTS)
                .mapToObj(i -> {
                    int[] prompt =
                            random.ints(5 + random.nextInt(196), 0, VOCABULARY).toArray();
                    if (i % 4 == 0) {
                        System.arraycopy(beginning, 0, prompt, 0, Math.min(prompt.length, beginning.length));
                    }
                    return "{\"custom_id\": \"r-" + i + "\", \"prompt\": " + Arrays.toString(prompt)
                            + ", \"max_tokens\": " + (8 + random.nextInt(57)) + ", \"temperature\": "
                            + (i % 2 == 0 ? "0" : "0.8") + "}";
                })
                .toList();
    }

    /** The committed answers by their {@code custom_id}, none of which is there twice, without what depends on time and place. */
    private static Map<String, JsonNode> answers(String topic) {
        return TestStack.json(stack.committed(topic))
                .map(answer -> {
                    assertThat(answer.get("error").isNull())
                            .as(answer.toString())
                            .isTrue();
                    ObjectNode copy = answer.deepCopy();
                    copy.remove(List.of("created", "metrics", "source"));
                    ((ObjectNode) copy.get("usage")).remove("prompt_tokens_details");
                    return (JsonNode) copy;
                })
                .collect(Collectors.toMap(answer -> answer.get("custom_id").asText(), Function.identity()));
    }
}
