package io.flinkgpt2.job.kafka.source;

import io.flinkgpt2.job.record.PromptRecord;
import io.flinkgpt2.job.record.RecordHeader;
import io.flinkgpt2.job.record.RecordSource;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;

/** Takes a record as it is; whether it is a valid request is decided later, so nothing is lost here. */
public final class PromptRecordDeserializer implements KafkaRecordDeserializationSchema<PromptRecord> {
    private static final long serialVersionUID = 1L;

    @Override
    public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<PromptRecord> out) {
        PromptRecord prompt = new PromptRecord();
        prompt.source = new RecordSource();
        prompt.source.topic = record.topic();
        prompt.source.partition = record.partition();
        prompt.source.offset = record.offset();
        prompt.source.timestamp = record.timestamp();
        prompt.key = record.key();
        prompt.value = record.value();
        prompt.headers = headers(record);
        out.collect(prompt);
    }

    private static List<RecordHeader> headers(ConsumerRecord<byte[], byte[]> record) {
        List<RecordHeader> headers = new ArrayList<>();
        for (Header header : record.headers()) {
            RecordHeader copy = new RecordHeader();
            copy.key = header.key();
            copy.value = header.value();
            headers.add(copy);
        }
        return headers;
    }

    @Override
    public TypeInformation<PromptRecord> getProducedType() {
        return TypeInformation.of(PromptRecord.class);
    }
}
