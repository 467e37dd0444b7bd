package io.flinkgpt2.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.job.JobOptions.GenerationMode;
import io.flinkgpt2.job.kafka.KafkaConnections;
import io.flinkgpt2.job.kafka.TopicLimits;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The whole job between topics of a real broker, on a real cluster, with the bundled model. */
class CompletionJobIT {

    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final int PARALLELISM = 2;
    private static final List<String> BEGINNINGS = List.of(
            "Once upon a time",
            "The king",
            "There was an old woman who",
            "In the forest",
            "\\u00c9t\\u00e9 \\ud83d\\ude00",
            "");

    private static TestStack stack;

    @BeforeAll
    static void start() throws IOException {
        stack = TestStack.start();
    }

    @AfterAll
    static void stop() throws IOException {
        stack.close();
    }

    @ParameterizedTest
    @EnumSource
    void rule4_4_everyPromptIsAnsweredExactlyOnceThoughTheJobFailsOnTheWay(GenerationMode mode) throws Exception {
        int prompts = 200;
        int partitions = 4;
        String failing = "failing-" + mode;
        String undisturbed = "undisturbed-" + mode;
        String completions = "completions-" + failing;
        createTopics(failing, partitions);
        createTopics(undisturbed, partitions);
        List<String> requests = requests(prompts);
        stack.produce(records("prompts-" + failing, partitions, requests));
        stack.produce(records("prompts-" + undisturbed, partitions, requests));

        InterruptibleSource.reset();
        InterruptibleSource.letThrough(50);
        // Checkpoints are taken when the test asks for them.
        JobSettings settings = settings(failing, "--checkpoint.interval", "1 h", "--mode", mode.name());
        KafkaConnections kafka = new KafkaConnections(settings.kafka(), TopicLimits.of(settings.kafka()));
        StreamExecutionEnvironment environment = stack.environment(PARALLELISM);
        CompletionJob.build(
                environment,
                settings,
                new InterruptibleSource(kafka.prompts()),
                kafka.completions(),
                kafka.deadLetters());
        JobClient job = environment.executeAsync(failing);

        await().atMost(PATIENCE).until(() -> stack.uncommitted(completions).size() == 100);
        assertThat(stack.committed(completions)).isEmpty();
        stack.takeCheckpoint(job.getJobID());
        await().atMost(PATIENCE).until(() -> stack.committed(completions).size() == 100);

        InterruptibleSource.letThrough(70);
        await().atMost(PATIENCE).until(() -> stack.uncommitted(completions).size() == 140);
        assertThat(stack.committed(completions)).hasSize(100);
        assertThat(stack.restarts(job.getJobID())).isZero();
        assertThat(InterruptibleSource.readersMade()).isEqualTo(PARALLELISM);

        InterruptibleSource.failOnce();
        job.getJobExecutionResult().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);

        // Nothing crosses a network, so only the subtask that failed starts again.
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(stack.restarts(job.getJobID())).isEqualTo(1));
        assertThat(InterruptibleSource.readersMade()).isEqualTo(PARALLELISM + 1);
        run(settings(undisturbed, "--mode", mode.name()), PARALLELISM);
        Map<String, JsonNode> answers = answers(completions);
        assertThat(answers).hasSize(prompts);
        assertThat(answers.values().stream().map(answer -> answer.get("id").asText()))
                .doesNotHaveDuplicates();
        assertThat(answers).isEqualTo(answers("completions-" + undisturbed));
        assertThat(stack.committed("dead-letters-" + failing)).isEmpty();

        // What was aborted lies in the topic still, and says the same: a replay makes no other text.
        List<ConsumerRecord<byte[], byte[]>> everything = stack.uncommitted(completions);
        assertThat(everything).hasSize(prompts + 20);
        assertThat(TestStack.json(everything).map(CompletionJobIT::functionOfRequestAndModel))
                .allSatisfy(answer -> assertThat(answer)
                        .isEqualTo(answers.get(answer.get("custom_id").asText())));
    }

    @Test
    void rule4_4_orderPartitionsParallelismAndModeChangeNoAnswer() throws Exception {
        createTopics("ordered", 1);
        createTopics("shuffled", 3);
        createTopics("one-by-one", 2);
        List<String> requests = requests(60);
        stack.produce(records("prompts-ordered", 1, requests));
        stack.produce(records("prompts-one-by-one", 2, requests));
        Collections.shuffle(requests, new Random(7));
        stack.produce(records("prompts-shuffled", 3, requests));

        run(settings("ordered"), 1);
        run(settings("shuffled", "--prefill.chunk=3", "--batch.size=5", "--prefix-cache.bytes=0"), PARALLELISM);
        run(settings("one-by-one", "--mode=map"), PARALLELISM);

        assertThat(answers("completions-ordered")).hasSize(60).isEqualTo(answers("completions-shuffled"));
        assertThat(answers("completions-one-by-one")).isEqualTo(answers("completions-shuffled"));
    }

    @Test
    void rule4_4_aFileOfMixedRequestsGivesTheSameAnswersInBothModesAndAtEveryBatchSize() throws Exception {
        allAreEqual(
                "few",
                List.of(
                        List.of("1", "--batch.size=1", "--prefill.chunk=1"),
                        List.of("2", "--batch.size=3", "--prefill.chunk=7", "--prefix-cache.bytes=0"),
                        List.of("2", "--batch.size=32", "--prefill.chunk=7"),
                        List.of("2", "--mode=map", "--prefill.chunk=1")));
    }

    @Test
    @Tag("full")
    void rule4_4_aFileOfMixedRequestsGivesTheSameAnswersInEveryCombination() throws Exception {
        List<List<String>> combinations = new ArrayList<>();
        for (String parallelism : List.of("1", "2")) {
            for (String chunk : List.of("--prefill.chunk=1", "--prefill.chunk=7", "--prefill.chunk=128")) {
                combinations.add(List.of(parallelism, "--mode=map", chunk));
                for (String size : List.of("--batch.size=1", "--batch.size=3", "--batch.size=32")) {
                    combinations.add(List.of(parallelism, chunk, size));
                    combinations.add(List.of(parallelism, chunk, size, "--prefix-cache.bytes=0"));
                }
            }
        }
        allAreEqual("every", combinations);
    }

    /** Runs the job over the same topic for each combination of a parallelism and options. */
    private static void allAreEqual(String name, List<List<String>> combinations) throws Exception {
        String prompts = "prompts-mixed-" + name;
        stack.createTopic(prompts, 4);
        stack.produce(records(prompts, 4, MixedRequests.lines()));
        Map<String, JsonNode> first = null;
        Set<JsonNode> firstLetters = null;
        for (int i = 0; i < combinations.size(); i++) {
            String run = "mixed-" + name + "-" + i;
            List<String> arguments = new ArrayList<>(List.of(
                    "--topics.prompts",
                    prompts,
                    "--topics.completions",
                    "completions-" + run,
                    "--topics.dead-letters",
                    "dead-letters-" + run,
                    "--group.id",
                    run,
                    "--max-context",
                    "128"));
            arguments.addAll(combinations.get(i).subList(1, combinations.get(i).size()));
            stack.createTopic("completions-" + run, 1);
            stack.createTopic("dead-letters-" + run, 1);

            run(
                    stack.settings(arguments.toArray(new String[0])),
                    Integer.parseInt(combinations.get(i).get(0)));

            Map<String, JsonNode> answers = answers("completions-" + run);
            Set<JsonNode> letters = TestStack.json(stack.committed("dead-letters-" + run))
                    .map(letter -> (JsonNode) ((ObjectNode) letter).without("failed_at"))
                    .collect(Collectors.toSet());
            assertThat(answers).hasSize(MixedRequests.COUNT - MixedRequests.INVALID);
            assertThat(letters).hasSize(MixedRequests.INVALID);
            first = first == null ? answers : first;
            firstLetters = firstLetters == null ? letters : firstLetters;
            assertThat(answers).as(combinations.get(i).toString()).isEqualTo(first);
            assertThat(letters).as(combinations.get(i).toString()).isEqualTo(firstLetters);
        }
    }

    /** The first run is cancelled; see {@link BoundedRunIT} for one that ended by itself. */
    @Test
    void aRunBeginsAtTheOffsetsThatItsGroupHasCommitted() throws Exception {
        createTopics("resumed", 2);
        List<String> requests = requests(30);
        stack.produce(records("prompts-resumed", 2, requests.subList(0, 20)));
        JobSettings settings = settings("resumed", "--source.bounded=false");
        StreamExecutionEnvironment environment = stack.environment(PARALLELISM);
        CompletionJob.build(environment, settings, TopicLimits.of(settings.kafka()));
        JobClient job = environment.executeAsync("resumed");
        await().atMost(PATIENCE)
                .until(() -> stack.committed("completions-resumed").size() == 20
                        && stack.committedOffsets("group-resumed").equals(List.of(10L, 10L)));
        job.cancel().get();
        await().atMost(PATIENCE).until(() -> job.getJobStatus().get() == JobStatus.CANCELED);

        stack.produce(records("prompts-resumed", 2, requests.subList(20, 30)));
        run(settings("resumed"), PARALLELISM);
        assertThat(stack.committed("completions-resumed")).hasSize(30);
        assertThat(answers("completions-resumed")).hasSize(30);

        run(settings("resumed", "--source.start", "earliest"), PARALLELISM);
        assertThat(stack.committed("completions-resumed")).hasSize(60);
    }

    @Test
    void aBoundedRunOverAnEmptyTopicEnds() throws Exception {
        createTopics("empty", 2);

        run(settings("empty"), PARALLELISM);

        assertThat(stack.uncommitted("completions-empty")).isEmpty();
        assertThat(stack.uncommitted("dead-letters-empty")).isEmpty();
    }

    @Test
    void whatAProducerAbortedIsNotAnswered() throws Exception {
        createTopics("transactional", 1);
        List<String> requests = requests(16);
        try (KafkaProducer<byte[], byte[]> producer =
                stack.producer(Map.of("transactional.id", "prompts-of-the-test"))) {
            producer.initTransactions();
            for (int part = 0; part < 4; part++) {
                producer.beginTransaction();
                for (ProducerRecord<byte[], byte[]> prompt :
                        records("prompts-transactional", 1, requests.subList(4 * part, 4 * part + 4))) {
                    producer.send(prompt).get();
                }
                if (part % 2 == 0) {
                    producer.commitTransaction();
                } else {
                    producer.abortTransaction();
                }
            }
        }

        run(settings("transactional"), PARALLELISM);

        assertThat(stack.uncommitted("prompts-transactional")).hasSize(16);
        assertThat(answers("completions-transactional"))
                .containsOnlyKeys("r-0", "r-1", "r-2", "r-3", "r-8", "r-9", "r-10", "r-11");
    }

    private static void createTopics(String name, int partitions) throws Exception {
        stack.createTopic("prompts-" + name, partitions);
        stack.createTopic("completions-" + name, partitions);
        stack.createTopic("dead-letters-" + name, partitions);
    }

    /** The job on the topics of {@code name}; its own name is the same for all, for ids depend on it. */
    private static JobSettings settings(String name, String... further) {
        List<String> arguments = new ArrayList<>(List.of(
                "--topics.prompts",
                "prompts-" + name,
                "--topics.completions",
                "completions-" + name,
                "--topics.dead-letters",
                "dead-letters-" + name,
                "--group.id",
                "group-" + name));
        arguments.addAll(List.of(further));
        return stack.settings(arguments.toArray(new String[0]));
    }

    private static void run(JobSettings settings, int parallelism) throws Exception {
        StreamExecutionEnvironment environment = stack.environment(parallelism);
        CompletionJob.build(environment, settings, TopicLimits.of(settings.kafka()));
        JobExecutionResult result = environment.execute(settings.jobName());
        assertThat(stack.restarts(result.getJobID())).isZero();
    }

    /** Greedy and drawn, of different lengths, some with what is copied. */
    private static List<String> requests(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> {
                    String sampling =
                            i % 3 == 0 ? "\"temperature\": 0" : "\"temperature\": 0.8, \"top_k\": " + i % 5 * 10;
                    String copied = i % 4 == 0 ? ", \"metadata\": {\"line\": " + i + "}, \"user\": \"u" + i + "\"" : "";
                    String seed = i % 7 == 0 ? ", \"seed\": " + i : "";
                    return "{\"custom_id\": \"r-" + i + "\", \"prompt\": \"" + BEGINNINGS.get(i % BEGINNINGS.size())
                            + "\", \"max_tokens\": " + (8 + i % 17) + ", " + sampling + copied + seed + "}";
                })
                .collect(Collectors.toCollection(ArrayList::new));
    }

    private static List<ProducerRecord<byte[], byte[]>> records(String topic, int partitions, List<String> requests) {
        return IntStream.range(0, requests.size())
                .mapToObj(i -> TestStack.request(topic, i % partitions, requests.get(i)))
                .toList();
    }

    /** The committed answers by their {@code custom_id}, none of which is there twice. */
    private static Map<String, JsonNode> answers(String topic) {
        return TestStack.json(stack.committed(topic))
                .map(CompletionJobIT::functionOfRequestAndModel)
                .collect(Collectors.toMap(answer -> answer.get("custom_id").asText(), Function.identity()));
    }

    /** An answer without what depends on when and where it was made. */
    private static JsonNode functionOfRequestAndModel(JsonNode record) {
        // A request in an envelope is answered in one.
        JsonNode answer = record.has("response") ? record.at("/response/body") : record;
        assertThat(answer.get("error").isNull()).as(answer.toString()).isTrue();
        assertThat(answer.at("/choices/0/text").isTextual())
                .as(answer.toString())
                .isTrue();
        ObjectNode copy = answer.deepCopy();
        assertThat(copy.remove(List.of("created", "metrics", "source"))).isNotNull();
        assertThat(((ObjectNode) copy.get("usage")).remove("prompt_tokens_details"))
                .isNotNull();
        return copy;
    }
}
