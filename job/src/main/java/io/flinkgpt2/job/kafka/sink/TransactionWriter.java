package io.flinkgpt2.job.kafka.sink;

import io.flinkgpt2.job.record.RecordSource;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.connector.sink2.CommittingSinkWriter;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.connector.kafka.sink.KafkaWriterState;
import org.apache.flink.util.function.SerializableFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connector's writer, which keeps the source offsets of what it writes in each transaction.
 *
 * @param <T> record
 */
final class TransactionWriter<T>
        implements StatefulSinkWriter<T, KafkaWriterState>, CommittingSinkWriter<T, Transaction> {

    private static final Logger LOG = LoggerFactory.getLogger(TransactionWriter.class);

    private final StatefulSinkWriter<T, KafkaWriterState> writer;
    private final CommittingSinkWriter<T, KafkaCommittable> transactions;
    private final SerializableFunction<T, RecordSource> source;
    private final SourceTally tally = new SourceTally();

    /** @param writer of a {@code KafkaSink} that is exactly once; its class is not public */
    @SuppressWarnings("unchecked")
    TransactionWriter(SinkWriter<T> writer, SerializableFunction<T, RecordSource> source) {
        this.writer = (StatefulSinkWriter<T, KafkaWriterState>) writer;
        this.transactions = (CommittingSinkWriter<T, KafkaCommittable>) writer;
        this.source = source;
    }

    @Override
    public void write(T record, Context context) throws IOException, InterruptedException {
        writer.write(record, context);
        tally.add(source.apply(record));
    }

    @Override
    public void flush(boolean endOfInput) throws IOException, InterruptedException {
        writer.flush(endOfInput);
    }

    @Override
    public void writeWatermark(Watermark watermark) throws IOException, InterruptedException {
        writer.writeWatermark(watermark);
    }

    /** Returns the open transaction, its checkpoint not yet known; nothing if it holds no record. */
    @Override
    public Collection<Transaction> prepareCommit() throws IOException, InterruptedException {
        List<SourceRange> sources = tally.take();
        return transactions.prepareCommit().stream()
                .map(committable -> new Transaction(committable, Transaction.UNKNOWN, sources))
                .toList();
    }

    @Override
    public List<KafkaWriterState> snapshotState(long checkpointId) throws IOException {
        return writer.snapshotState(checkpointId);
    }

    /**
     * Closes the writer. Records of the open transaction that Kafka has not taken do not fail it: a record counts only once
     * {@link #flush} and {@link #prepareCommit} have succeeded, so these are written again after the last checkpoint. Flink
     * would end the whole TaskManager if this threw, with all of its other tasks, as when a task wakes up after another has
     * taken its place and fenced its transaction.
     */
    @Override
    public void close() throws Exception {
        try {
            writer.close();
        } catch (IOException e) {
            LOG.warn(
                    "Kafka did not take all records of a transaction that was open when its task ended. The transaction is not"
                            + " committed, and the records are written again from the last checkpoint",
                    e);
        }
    }
}
