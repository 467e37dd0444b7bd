package io.flinkgpt2.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * When answers were made. A reader sees them with the commit of their transaction; but the record's timestamp is the time at
 * which the sink got it, in the task that generated it and right after, to the millisecond: the topic's timestamps are those of
 * the producer. (The field {@code created} is in seconds.)
 */
final class AnswerLog implements AutoCloseable {

    private static final String TOPIC = "completions";

    private final KafkaConsumer<String, String> consumer;

    /**
     * An answer.
     *
     * @param millis when it was made, since the epoch
     * @param partition where its request stood, so of one slot
     * @param tokens that were generated
     */
    record Answer(long millis, int partition, int tokens) {}

    /** From the end of the topic on. */
    AnswerLog(String bootstrapServers) {
        consumer = new KafkaConsumer<>(
                Map.of(
                        ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                        "read_committed"),
                new StringDeserializer(),
                new StringDeserializer());
        List<TopicPartition> partitions = consumer.partitionsFor(TOPIC).stream()
                .map(info -> new TopicPartition(TOPIC, info.partition()))
                .toList();
        consumer.assign(partitions);
        consumer.seekToEnd(partitions);
        partitions.forEach(consumer::position);
    }

    /** What has been committed since the last call. */
    List<Answer> poll() {
        List<Answer> answers = new ArrayList<>();
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(50))) {
            JsonNode json = Run.json(record.value());
            if (!json.path("error").isNull()) {
                throw new IllegalStateException("a request failed: " + json);
            }
            answers.add(new Answer(
                    record.timestamp(),
                    json.path("source").path("partition").intValue(),
                    json.path("usage").path("completion_tokens").intValue()));
        }
        return answers;
    }

    /** All to the topic's end. */
    List<Answer> drain() {
        Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment());
        List<Answer> answers = new ArrayList<>();
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            answers.addAll(poll());
        }
        return answers;
    }

    @Override
    public void close() {
        consumer.close();
    }
}
