package io.flinkgpt2.cli.local;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flinkgpt2.cli.common.Interrupts;
import io.flinkgpt2.job.kafka.KafkaSettings;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** The demo's side of the topics: sends the prompts, and reads what was committed of the answers, by input order. */
final class DemoTopics implements AutoCloseable {

    private static final Duration POLL = Duration.ofMillis(200);
    /** Jackson's own limit of 20 million characters is less than a dead letter may hold. */
    private static final ObjectMapper MAPPER = new ObjectMapper(JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(LocalStack.MAX_MESSAGE_BYTES)
                    .build())
            .build());

    /** Where a record came from: partition and offset. */
    private record Place(int partition, long offset) {}

    /** A record that was read, and the line of the request that it answers. */
    private static final class Answer {
        private final int line;
        private final byte[] bytes;
        private final JsonNode json;

        Answer(int line, byte[] bytes, JsonNode json) {
            this.line = line;
            this.bytes = bytes;
            this.json = json;
        }
    }

    private final KafkaSettings settings;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Map<Place, Integer> lines = new HashMap<>();
    private final List<Answer> completions = new ArrayList<>();
    private final List<Answer> deadLetters = new ArrayList<>();

    DemoTopics(KafkaSettings settings) {
        this.settings = settings;
        Properties properties = new Properties();
        properties.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, settings.bootstrapServers());
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        consumer = new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        List<TopicPartition> partitions = new ArrayList<>();
        for (String topic : List.of(settings.completionsTopic(), settings.deadLettersTopic())) {
            consumer.partitionsFor(topic).forEach(info -> partitions.add(new TopicPartition(topic, info.partition())));
        }
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
    }

    /** Sends the requests, spread over the partitions in turn, and waits until the broker has them. */
    void send(List<byte[]> requests) throws InterruptedException, ExecutionException {
        Properties properties = new Properties();
        properties.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, settings.bootstrapServers());
        properties.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, LocalStack.MAX_MESSAGE_BYTES);
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            int partitions = producer.partitionsFor(settings.promptsTopic()).size();
            for (int line = 0; line < requests.size(); line++) {
                sent.add(producer.send(
                        new ProducerRecord<>(settings.promptsTopic(), line % partitions, null, requests.get(line))));
            }
            for (int line = 0; line < sent.size(); line++) {
                RecordMetadata metadata = sent.get(line).get();
                lines.put(new Place(metadata.partition(), metadata.offset()), line);
            }
        }
    }

    /** Reads the records committed since the last call; returns the completions among them. */
    List<JsonNode> poll() throws IOException {
        List<JsonNode> arrived = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
            JsonNode json = MAPPER.readTree(record.value());
            JsonNode source = json.path("source");
            Place place = new Place(
                    source.path("partition").asInt(), source.path("offset").asLong());
            Answer answer = new Answer(lines.getOrDefault(place, Integer.MAX_VALUE), record.value(), json);
            if (record.topic().equals(settings.completionsTopic())) {
                completions.add(answer);
                arrived.add(json);
            } else {
                deadLetters.add(answer);
            }
        }
        return arrived;
    }

    /** Returns whether something is committed that has not been read. */
    boolean hasMore() {
        return consumer.endOffsets(consumer.assignment()).entrySet().stream()
                .anyMatch(end -> consumer.position(end.getKey()) < end.getValue());
    }

    /** Returns whether each request that was sent has one answer, and there is no other. */
    boolean everyLineIsAnsweredOnce() {
        Set<Integer> answeredLines = new HashSet<>();
        completions.forEach(answer -> answeredLines.add(answer.line));
        deadLetters.forEach(answer -> answeredLines.add(answer.line));
        return answered() == lines.size() && answeredLines.equals(new HashSet<>(lines.values()));
    }

    int answered() {
        return completions.size() + deadLetters.size();
    }

    List<byte[]> completions() {
        return bytes(completions);
    }

    List<byte[]> deadLetters() {
        return bytes(deadLetters);
    }

    List<JsonNode> firstCompletions(int most) {
        return sorted(completions).stream()
                .limit(most)
                .map(answer -> answer.json)
                .toList();
    }

    List<JsonNode> parsedDeadLetters() {
        return sorted(deadLetters).stream().map(answer -> answer.json).toList();
    }

    /** Returns the line of the request that a completion answers, from 0. */
    int lineOf(JsonNode completion) {
        JsonNode source = completion.path("source");
        return lines.get(new Place(
                source.path("partition").asInt(), source.path("offset").asLong()));
    }

    private static List<Answer> sorted(List<Answer> answers) {
        return answers.stream()
                .sorted(Comparator.comparingInt(answer -> answer.line))
                .toList();
    }

    private static List<byte[]> bytes(List<Answer> answers) {
        return sorted(answers).stream().map(answer -> answer.bytes).toList();
    }

    @Override
    public void close() {
        Interrupts.deferred(consumer::close);
    }
}
