package io.flinkgpt2.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/** What a reader of committed records sees of the answers, dead letters included, however many partitions there are. */
final class Answers implements AutoCloseable {

    private static final String COMPLETIONS = "completions";
    private static final Duration POLL = Duration.ofMillis(50);

    private final KafkaConsumer<String, String> consumer;
    private final Map<String, List<JsonNode>> byId = new LinkedHashMap<>();
    private final List<String> deadLetters = new ArrayList<>();

    Answers(String bootstrapServers) {
        consumer = new KafkaConsumer<>(
                Map.of(
                        ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                        "read_committed"),
                new StringDeserializer(),
                new StringDeserializer());
        List<TopicPartition> partitions = new ArrayList<>();
        for (String topic : List.of(COMPLETIONS, "dead-letters")) {
            consumer.partitionsFor(topic).forEach(info -> partitions.add(new TopicPartition(topic, info.partition())));
        }
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
    }

    /** Reads what has been committed since. */
    void poll() {
        for (ConsumerRecord<String, String> record : consumer.poll(POLL)) {
            if (record.topic().equals(COMPLETIONS)) {
                JsonNode answer = Run.json(record.value());
                byId.computeIfAbsent(answer.path("custom_id").asText(), id -> new ArrayList<>())
                        .add(answer);
            } else {
                deadLetters.add(record.value());
            }
        }
    }

    /** Reads to the end of the topics. */
    void drain() {
        Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment());
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            poll();
        }
    }

    /** How many requests have an answer. */
    int answered() {
        return byId.size();
    }

    /** How many answers there are beyond the first of each request. */
    int duplicates() {
        return byId.values().stream().mapToInt(answers -> answers.size() - 1).sum();
    }

    /** Those that a request got, in the order in which they came. */
    List<JsonNode> of(String id) {
        return byId.getOrDefault(id, List.of());
    }

    List<String> deadLetters() {
        return deadLetters;
    }

    /** What of an answer is a function of request and model, but for the token ids, which not every front shows. */
    static JsonNode essence(JsonNode answer) {
        ObjectNode essence = ((ObjectNode) answer.deepCopy())
                .retain("custom_id", "choices", "usage", "model", "model_revision", "system_fingerprint", "error");
        essence.path("choices").forEach(choice -> ((ObjectNode) choice).remove("token_ids"));
        return essence;
    }

    @Override
    public void close() {
        consumer.close();
    }
}
