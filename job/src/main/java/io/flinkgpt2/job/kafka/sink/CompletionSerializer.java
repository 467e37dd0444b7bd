package io.flinkgpt2.job.kafka.sink;

import io.flinkgpt2.job.record.CompletionJson;
import io.flinkgpt2.job.record.CompletionRecord;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Writes answers, with the key and the headers of their requests. */
public final class CompletionSerializer implements KafkaRecordSerializationSchema<CompletionRecord> {
    private static final long serialVersionUID = 1L;

    private final String topic;
    private final int maxRecordBytes;

    /** @param maxRecordBytes the most bytes of a record, key and headers included */
    public CompletionSerializer(String topic, int maxRecordBytes) {
        this.topic = topic;
        this.maxRecordBytes = maxRecordBytes;
    }

    @Override
    public ProducerRecord<byte[], byte[]> serialize(
            CompletionRecord completion, KafkaSinkContext context, Long timestamp) {
        return ProducerRecords.of(
                topic, completion.key, CompletionJson.write(completion, maxRecordBytes), completion.headers);
    }
}
