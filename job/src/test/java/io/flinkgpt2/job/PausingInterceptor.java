package io.flinkgpt2.job;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.ConsumerInterceptor;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;

/**
 * Holds up whoever sends a record: the task of the operator that has made it, chained to its source or not. For Kafka's
 * setting {@code interceptor.classes}, which the job's producers and consumers share; what is read passes at once.
 */
public final class PausingInterceptor
        implements ProducerInterceptor<byte[], byte[]>, ConsumerInterceptor<byte[], byte[]> {

    private static final AtomicInteger PAUSE_MILLIS = new AtomicInteger();

    /** From now on, for all producers in this process; zero for none. */
    static void pause(Duration each) {
        PAUSE_MILLIS.set(Math.toIntExact(each.toMillis()));
    }

    @Override
    public ProducerRecord<byte[], byte[]> onSend(ProducerRecord<byte[], byte[]> record) {
        try {
            Thread.sleep(PAUSE_MILLIS.get());
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
        return record;
    }

    @Override
    public ConsumerRecords<byte[], byte[]> onConsume(ConsumerRecords<byte[], byte[]> records) {
        return records;
    }

    @Override
    public void onAcknowledgement(RecordMetadata metadata, Exception exception) {}

    @Override
    public void onCommit(Map<TopicPartition, OffsetAndMetadata> offsets) {}

    @Override
    public void close() {}

    @Override
    public void configure(Map<String, ?> configs) {}
}
