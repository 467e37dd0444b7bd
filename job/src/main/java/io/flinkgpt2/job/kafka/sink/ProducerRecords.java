package io.flinkgpt2.job.kafka.sink;

import io.flinkgpt2.job.record.RecordHeader;
import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Puts together what is sent. */
final class ProducerRecords {

    private ProducerRecords() {}

    /** Returns a record for {@code topic}, its partition left to the key, with copied headers. */
    static ProducerRecord<byte[], byte[]> of(String topic, byte[] key, byte[] value, List<RecordHeader> headers) {
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, key, value);
        for (RecordHeader header : headers) {
            record.headers().add(header.key, header.value);
        }
        return record;
    }
}
