package io.flinkgpt2.local.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.SimpleStringSchema;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Broker, cluster and connector together, in the versions that the build pins. */
class LocalPipelineIT {

    private static final int RECORDS = 200;
    private static final int PARTITIONS = 2;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static EmbeddedKafka kafka;
    private static LocalFlink flink;

    @BeforeAll
    static void start() throws IOException {
        kafka = EmbeddedKafka.start(EmbeddedKafka.Options.defaults());
        flink = LocalFlink.start(LocalFlink.Options.defaults().withSlots(PARTITIONS));
    }

    @AfterAll
    static void stop() throws IOException {
        flink.close();
        kafka.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "lz4", "snappy", "zstd"})
    void recordsAreCopiedFromTopicToTopicExactlyOnce(String compression) throws Exception {
        String from = "from-" + compression;
        String to = "to-" + compression;
        kafka.createTopic(from, PARTITIONS, Map.of());
        kafka.createTopic(to, PARTITIONS, Map.of());
        List<String> values =
                IntStream.range(0, RECORDS).mapToObj(i -> "value " + i).toList();
        produce(from, compression, values);

        copy(from, to, compression);

        assertThat(consume(to)).containsExactlyInAnyOrderElementsOf(values);
    }

    private static void copy(String from, String to, String compression) throws Exception {
        Configuration configuration = new Configuration();
        configuration.setString("execution.checkpointing.interval", "500 ms");
        StreamExecutionEnvironment environment = flink.environment(configuration);
        KafkaSource<String> source = KafkaSource.<String>builder()
                .setBootstrapServers(kafka.bootstrapServers())
                .setTopics(from)
                .setGroupId("copy-" + compression)
                .setStartingOffsets(OffsetsInitializer.earliest())
                .setBounded(OffsetsInitializer.latest())
                .setValueOnlyDeserializer(new SimpleStringSchema())
                .build();
        KafkaSink<String> sink = KafkaSink.<String>builder()
                .setBootstrapServers(kafka.bootstrapServers())
                .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
                .setTransactionalIdPrefix("copy-" + compression)
                .setProperty("transaction.timeout.ms", "600000")
                .setProperty("compression.type", compression)
                .setRecordSerializer(KafkaRecordSerializationSchema.<String>builder()
                        .setTopic(to)
                        .setValueSerializationSchema(new SimpleStringSchema())
                        .build())
                .build();
        environment
                .fromSource(source, WatermarkStrategy.noWatermarks(), from)
                .uid(from)
                .sinkTo(sink)
                .uid(to);
        environment.execute("copy");
    }

    private static void produce(String topic, String compression, List<String> values) throws Exception {
        Map<String, Object> settings =
                Map.of("bootstrap.servers", kafka.bootstrapServers(), "compression.type", compression);
        try (KafkaProducer<String, String> producer =
                new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (int i = 0; i < values.size(); i++) {
                sent.add(producer.send(new ProducerRecord<>(topic, i % PARTITIONS, null, values.get(i))));
            }
            for (Future<RecordMetadata> record : sent) {
                record.get();
            }
        }
    }

    /** Everything committed in a topic, up to where it ends now. */
    private static List<String> consume(String topic) {
        Map<String, Object> settings =
                Map.of("bootstrap.servers", kafka.bootstrapServers(), "isolation.level", "read_committed");
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            List<TopicPartition> partitions = IntStream.range(0, PARTITIONS)
                    .mapToObj(partition -> new TopicPartition(topic, partition))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            List<String> values = new ArrayList<>();
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (System.nanoTime() - deadline < 0
                    && !partitions.stream()
                            .allMatch(partition -> consumer.position(partition) >= ends.get(partition))) {
                consumer.poll(Duration.ofMillis(100)).forEach(record -> values.add(record.value()));
            }
            return values;
        }
    }
}
