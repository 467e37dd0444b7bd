package io.flinkgpt2.job;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flinkgpt2.local.embedded.EmbeddedKafka;
import io.flinkgpt2.local.embedded.LocalFlink;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** A broker and a cluster of two slots for one test class, and the ends of the pipeline that a user holds. */
final class TestStack implements AutoCloseable {

    static final int LARGE_TOPIC_BYTES = 32 << 20;
    static final Path MODEL = Path.of("..", "deploy", "models", "fairytales");

    private static final int SLOTS = 2;
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final ObjectMapper MAPPER = new ObjectMapper(JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(LARGE_TOPIC_BYTES)
                    .build())
            .build());
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final EmbeddedKafka kafka;
    private final LocalFlink flink;

    private TestStack(EmbeddedKafka kafka, LocalFlink flink) {
        this.kafka = kafka;
        this.flink = flink;
    }

    static TestStack start() throws IOException {
        return start(Map.of());
    }

    /** @param clusterSettings by Flink's names */
    static TestStack start(Map<String, String> clusterSettings) throws IOException {
        return start(EmbeddedKafka.Options.defaults(), clusterSettings);
    }

    /** @param broker has a listener without security besides, on which this class is itself */
    static TestStack start(EmbeddedKafka.Options broker, Map<String, String> clusterSettings) throws IOException {
        EmbeddedKafka kafka = EmbeddedKafka.start(broker);
        try {
            return new TestStack(
                    kafka,
                    LocalFlink.start(
                            LocalFlink.Options.defaults().withSlots(SLOTS).withSettings(clusterSettings)));
        } catch (IOException | RuntimeException e) {
            kafka.close();
            throw e;
        }
    }

    String bootstrapServers() {
        return kafka.bootstrapServers();
    }

    String bootstrapServers(String listener) {
        return kafka.bootstrapServers(listener);
    }

    void createTopic(String name, int partitions) throws Exception {
        createTopic(name, partitions, Map.of());
    }

    void createTopic(String name, int partitions, Map<String, String> config) throws Exception {
        kafka.createTopic(name, partitions, config);
    }

    void createLargeTopic(String name, int partitions) throws Exception {
        kafka.createTopic(name, partitions, Map.of("max.message.bytes", String.valueOf(LARGE_TOPIC_BYTES)));
    }

    /** Settings of a bounded job on the bundled model, by way of a command line. */
    JobSettings settings(String... further) {
        List<String> arguments =
                new ArrayList<>(List.of("--kafka.bootstrap.servers", bootstrapServers(), "--model", MODEL.toString()));
        arguments.addAll(Arrays.asList(further));
        if (!arguments.contains("--source.bounded=false")) {
            arguments.add("--source.bounded");
        }
        // What these tests expect of prompts that do not fit is for less than the model has.
        if (arguments.stream().noneMatch(argument -> argument.matches("--(generation\\.)?max-context(=.*)?"))) {
            arguments.add("--max-context=128");
        }
        if (!arguments.contains("--checkpoint.interval")) {
            arguments.addAll(List.of("--checkpoint.interval", "300 ms"));
        }
        return JobSettings.from(JobArguments.parse(arguments));
    }

    /**
     * An environment that keeps the job to what it promises: no type falls back to Kryo, every operator has a {@code uid},
     * and it starts again once after a failure.
     */
    StreamExecutionEnvironment environment(int parallelism) {
        return environment(parallelism, Map.of());
    }

    /** @param further settings by Flink's names, which win */
    StreamExecutionEnvironment environment(int parallelism, Map<String, String> further) {
        Configuration strict = new Configuration();
        strict.setString("pipeline.generic-types", "false");
        strict.setString("pipeline.auto-generate-uids", "false");
        strict.setString("restart-strategy.type", "fixed-delay");
        strict.setString("restart-strategy.fixed-delay.attempts", "1");
        strict.setString("restart-strategy.fixed-delay.delay", "0 ms");
        further.forEach(strict::setString);
        StreamExecutionEnvironment environment = flink.environment(strict);
        environment.setParallelism(parallelism);
        return environment;
    }

    /** Cancels a job that has not ended, so that it does not keep others from their slots; null: there is none. */
    static void cancel(JobClient job) throws Exception {
        if (job != null && !job.getJobStatus().get().isGloballyTerminalState()) {
            job.cancel().get();
        }
    }

    void produce(List<ProducerRecord<byte[], byte[]>> records) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = producer(Map.of())) {
            List<Future<RecordMetadata>> sent =
                    records.stream().map(producer::send).toList();
            for (Future<RecordMetadata> record : sent) {
                record.get();
            }
        }
    }

    KafkaProducer<byte[], byte[]> producer(Map<String, Object> further) {
        Map<String, Object> properties = new HashMap<>(further);
        properties.put("bootstrap.servers", bootstrapServers());
        properties.put("max.request.size", LARGE_TOPIC_BYTES);
        properties.put("buffer.memory", 2 * LARGE_TOPIC_BYTES);
        return new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
    }

    /** What a reader that waits for commits sees of a topic, up to where it ends now. */
    List<ConsumerRecord<byte[], byte[]>> committed(String topic) {
        return read(topic, "read_committed");
    }

    /** What lies in a topic, that of aborted and open transactions too. */
    List<ConsumerRecord<byte[], byte[]>> uncommitted(String topic) {
        return read(topic, "read_uncommitted");
    }

    private List<ConsumerRecord<byte[], byte[]>> read(String topic, String isolation) {
        Map<String, Object> properties = Map.of("bootstrap.servers", bootstrapServers(), "isolation.level", isolation);
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(info -> new TopicPartition(topic, info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (!partitions.stream().allMatch(partition -> consumer.position(partition) >= ends.get(partition))) {
                if (System.nanoTime() - deadline > 0) {
                    throw new IllegalStateException("topic " + topic + " was not read to its end " + ends + " within "
                            + PATIENCE.toSeconds() + " s");
                }
                consumer.poll(Duration.ofMillis(50)).forEach(records::add);
            }
            return records;
        }
    }

    /** The offsets that a group has committed, by partition. */
    List<Long> committedOffsets(String group) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers()))) {
            return admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().entrySet().stream()
                    .sorted(Comparator.comparingInt(entry -> entry.getKey().partition()))
                    .map(entry -> entry.getValue().offset())
                    .toList();
        }
    }

    /** How often a job, running or ended, was started again. The cluster may give the answer of three seconds ago. */
    int restarts(JobID job) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(flink.webUrl().resolve("/jobs/" + job + "/exceptions"))
                .build();
        return send(request).at("/exceptionHistory/entries").size();
    }

    /** Returns the answer of Flink's REST API, as text. */
    String rest(String path) throws IOException, InterruptedException {
        return body(HttpRequest.newBuilder(flink.webUrl().resolve(path)).build());
    }

    /** Takes a checkpoint and waits until it is complete; returns its path, to go on from it. */
    String takeCheckpoint(JobID job) throws Exception {
        return flink.takeCheckpoint(job).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    private static JsonNode send(HttpRequest request) throws IOException, InterruptedException {
        return MAPPER.readTree(body(request));
    }

    private static String body(HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<String> response = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode())
                .as(request.uri() + ": " + response.body())
                .isBetween(200, 299);
        return response.body();
    }

    /** A request in a partition, without key and headers. */
    static ProducerRecord<byte[], byte[]> request(String topic, int partition, String json) {
        return new ProducerRecord<>(topic, partition, null, json.getBytes(UTF_8));
    }

    static Stream<JsonNode> json(List<ConsumerRecord<byte[], byte[]>> records) {
        return records.stream().map(record -> json(record.value()));
    }

    static JsonNode json(byte[] value) {
        try {
            return MAPPER.readTree(value);
        } catch (IOException e) {
            throw new IllegalArgumentException("not JSON: " + new String(value, UTF_8), e);
        }
    }

    @Override
    public void close() throws IOException {
        try (kafka) {
            flink.close();
        }
    }
}
