package io.flinkgpt2.job.kafka;

import io.flinkgpt2.job.kafka.sink.CompletionSerializer;
import io.flinkgpt2.job.kafka.sink.DeadLetterSerializer;
import io.flinkgpt2.job.kafka.sink.TransactionalSink;
import io.flinkgpt2.job.kafka.source.BoundedKafkaSource;
import io.flinkgpt2.job.kafka.source.PromptRecordDeserializer;
import io.flinkgpt2.job.record.AnswerLimits;
import io.flinkgpt2.job.record.CompletionRecord;
import io.flinkgpt2.job.record.DeadLetter;
import io.flinkgpt2.job.record.DeadLetterJson;
import io.flinkgpt2.job.record.PromptRecord;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.KafkaSourceBuilder;
import org.apache.flink.connector.kafka.source.enumerator.KafkaSourceEnumState;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.OffsetResetStrategy;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigDef;

/** The job's source and sinks on Kafka: committed records in, exactly once out. */
public final class KafkaConnections {

    /**
     * Kept free of a topic's limit, which counts the batch that a record travels in: its header takes 61 bytes, the lengths
     * of a record and of each header some more.
     */
    private static final int BATCH_OVERHEAD = 4096;

    private static final long DEFAULT_BUFFER_MEMORY = 32L << 20;
    /** Room for what a completion holds beside the copies from its request, in bytes: text, usage, metrics. */
    private static final int COMPLETION_BODY = 262_144;

    static final String COMPLETIONS = "completions";
    static final String DEAD_LETTERS = "dead-letters";

    private static final String RAISE =
            "; raise its max.message.bytes, and kafka.max.request.size and kafka.buffer.memory where they are given";

    private final KafkaSettings settings;
    private final TopicLimits limits;

    public KafkaConnections(KafkaSettings settings, TopicLimits limits) {
        this.settings = settings;
        this.limits = limits.atMost(largestRequest(settings.clientProperties()));
    }

    /** Returns the size that the producers' own limits allow, if they are given; as defaults they follow the topics. */
    private static int largestRequest(Map<String, String> properties) {
        long largest = Integer.MAX_VALUE;
        for (String property : List.of(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, ProducerConfig.BUFFER_MEMORY_CONFIG)) {
            String given = properties.get(property);
            if (given != null) {
                largest = Math.min(largest, (Long) ConfigDef.parseType(property, given, ConfigDef.Type.LONG));
            }
        }
        return (int) Math.max(0, largest);
    }

    /**
     * Returns the room for answers that their topic leaves: {@code wanted} or less.
     *
     * @throws IllegalStateException if the topic takes so little that hardly anything could be answered
     */
    public AnswerLimits answerLimits(AnswerLimits wanted) {
        int room = (limits.completionBytes() - COMPLETION_BODY - BATCH_OVERHEAD) / 2;
        if (room < 1024) {
            throw new IllegalStateException("topic " + settings.completionsTopic() + " takes records of "
                    + limits.completionBytes() + " bytes, expected at least "
                    + (COMPLETION_BODY + BATCH_OVERHEAD + 2048) + RAISE);
        }
        return new AnswerLimits(
                Math.min(wanted.copiedBytes(), room), Math.min(wanted.recordBytes(), maxCompletionBytes()));
    }

    private int maxCompletionBytes() {
        return limits.completionBytes() - BATCH_OVERHEAD;
    }

    /** The prompts: without an end, or up to what is there when the job first starts. Both have the same state. */
    @SuppressWarnings("deprecation") // the connector takes Kafka's deprecated enum and nothing else
    public Source<PromptRecord, KafkaPartitionSplit, KafkaSourceEnumState> prompts() {
        Properties properties = new Properties();
        properties.putAll(settings.clientProperties());
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        KafkaSourceBuilder<PromptRecord> source = KafkaSource.<PromptRecord>builder()
                .setBootstrapServers(settings.bootstrapServers())
                .setGroupId(settings.groupId())
                .setTopics(settings.promptsTopic())
                .setProperties(properties)
                .setClientIdPrefix(settings.name())
                .setDeserializer(new PromptRecordDeserializer())
                .setStartingOffsets(
                        switch (settings.sourceStart()) {
                            case COMMITTED -> OffsetsInitializer.committedOffsets(OffsetResetStrategy.EARLIEST);
                            case EARLIEST -> OffsetsInitializer.earliest();
                            case LATEST -> OffsetsInitializer.latest();
                        });
        if (!settings.sourceBounded()) {
            return source.build();
        }
        source.setBounded(OffsetsInitializer.latest());
        return new BoundedKafkaSource<>(source.build(), settings.groupId(), TopicLimits.adminProperties(settings));
    }

    public Sink<CompletionRecord> completions() {
        CompletionSerializer serializer = new CompletionSerializer(settings.completionsTopic(), maxCompletionBytes());
        return new TransactionalSink<>(
                sink(COMPLETIONS, serializer, limits.completionBytes()),
                settings.completionsTopic(),
                completion -> completion.source,
                TopicLimits.adminProperties(settings),
                settings.lostTransactions());
    }

    /** @throws IllegalStateException if the topic takes so little that not even a reason fits */
    public Sink<DeadLetter> deadLetters() {
        int maxRecordBytes = limits.deadLetterBytes() - BATCH_OVERHEAD;
        if (maxRecordBytes < DeadLetterJson.LEAST_RECORD_BYTES) {
            throw new IllegalStateException("topic " + settings.deadLettersTopic() + " takes records of "
                    + limits.deadLetterBytes() + " bytes, expected at least "
                    + (DeadLetterJson.LEAST_RECORD_BYTES + BATCH_OVERHEAD) + RAISE);
        }
        DeadLetterSerializer serializer =
                new DeadLetterSerializer(settings.deadLettersTopic(), settings.deadLetterMaxBytes(), maxRecordBytes);
        return new TransactionalSink<>(
                sink(DEAD_LETTERS, serializer, limits.deadLetterBytes()),
                settings.deadLettersTopic(),
                letter -> letter.source,
                TopicLimits.adminProperties(settings),
                settings.lostTransactions());
    }

    private <T> KafkaSink<T> sink(String name, KafkaRecordSerializationSchema<T> serializer, int maxBytes) {
        Properties properties = new Properties();
        properties.putAll(settings.clientProperties());
        properties.putIfAbsent(
                ProducerConfig.TRANSACTION_TIMEOUT_CONFIG,
                String.valueOf(limits.maxTransactionTimeout().toMillis()));
        properties.putIfAbsent(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, String.valueOf(Math.max(maxBytes, 1 << 20)));
        properties.putIfAbsent(
                ProducerConfig.BUFFER_MEMORY_CONFIG, String.valueOf(Math.max(DEFAULT_BUFFER_MEMORY, 2L * maxBytes)));
        return KafkaSink.<T>builder()
                .setBootstrapServers(settings.bootstrapServers())
                .setKafkaProducerConfig(properties)
                .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
                .setTransactionalIdPrefix(transactionalIdPrefix(settings, name))
                .setRecordSerializer(serializer)
                .build();
    }

    /** Returns what the transactional ids of a sink begin with; a hyphen and numbers follow. */
    static String transactionalIdPrefix(KafkaSettings settings, String sink) {
        return settings.name() + "-" + sink;
    }
}
