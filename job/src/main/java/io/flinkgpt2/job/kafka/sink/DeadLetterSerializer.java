package io.flinkgpt2.job.kafka.sink;

import io.flinkgpt2.job.record.DeadLetter;
import io.flinkgpt2.job.record.DeadLetterJson;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Writes dead letters so that they fit their topic, whatever they hold. */
public final class DeadLetterSerializer implements KafkaRecordSerializationSchema<DeadLetter> {
    private static final long serialVersionUID = 1L;

    private final String topic;
    private final int maxValueBytes;
    private final int maxRecordBytes;

    public DeadLetterSerializer(String topic, int maxValueBytes, int maxRecordBytes) {
        this.topic = topic;
        this.maxValueBytes = maxValueBytes;
        this.maxRecordBytes = maxRecordBytes;
    }

    @Override
    public ProducerRecord<byte[], byte[]> serialize(DeadLetter letter, KafkaSinkContext context, Long timestamp) {
        DeadLetterJson.Encoded encoded = DeadLetterJson.write(letter, maxValueBytes, maxRecordBytes);
        return ProducerRecords.of(topic, encoded.key(), encoded.value(), encoded.headers());
    }
}
