package io.flinkgpt2.job.kafka.sink;

import io.flinkgpt2.job.record.RecordSource;
import java.io.IOException;
import java.util.Collection;
import java.util.Properties;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.api.connector.sink2.CommitterInitContext;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.apache.flink.api.connector.sink2.SupportsCommitter;
import org.apache.flink.api.connector.sink2.SupportsWriterState;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.KafkaWriterState;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessage;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessageTypeInfo;
import org.apache.flink.streaming.api.connector.sink2.CommittableWithLineage;
import org.apache.flink.streaming.api.connector.sink2.SupportsPostCommitTopology;
import org.apache.flink.streaming.api.connector.sink2.SupportsPreCommitTopology;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.lineage.LineageVertex;
import org.apache.flink.streaming.api.lineage.LineageVertexProvider;
import org.apache.flink.util.function.SerializableFunction;

/**
 * An exactly-once {@link KafkaSink} that does not lose a transaction silently: see {@link TransactionCommitter}. Its
 * transactions carry their checkpoint and the source offsets of their records, so that a loss can be named. It reads the
 * state of a plain {@link KafkaSink}.
 *
 * @param <T> record
 */
public final class TransactionalSink<T>
        implements Sink<T>,
                SupportsWriterState<T, KafkaWriterState>,
                SupportsCommitter<Transaction>,
                SupportsPreCommitTopology<Transaction, Transaction>,
                SupportsPostCommitTopology<Transaction>,
                LineageVertexProvider {
    private static final long serialVersionUID = 1L;

    private final KafkaSink<T> sink;
    private final String topic;
    private final SerializableFunction<T, RecordSource> source;
    private final Properties adminProperties;
    private final LostTransactions lostTransactions;

    /**
     * @param sink exactly once, to {@code topic}
     * @param source the place of the request that a record answers, or null
     * @param adminProperties of the client that asks how a transaction ended
     */
    public TransactionalSink(
            KafkaSink<T> sink,
            String topic,
            SerializableFunction<T, RecordSource> source,
            Properties adminProperties,
            LostTransactions lostTransactions) {
        this.sink = sink;
        this.topic = topic;
        this.source = source;
        this.adminProperties = adminProperties;
        this.lostTransactions = lostTransactions;
    }

    @Override
    public SinkWriter<T> createWriter(WriterInitContext context) throws IOException {
        Sink<T> connector = sink;
        return new TransactionWriter<>(connector.createWriter(context), source);
    }

    @Override
    public StatefulSinkWriter<T, KafkaWriterState> restoreWriter(
            WriterInitContext context, Collection<KafkaWriterState> state) throws IOException {
        SupportsWriterState<T, KafkaWriterState> connector = sink;
        return new TransactionWriter<>(connector.restoreWriter(context, state), source);
    }

    @Override
    public SimpleVersionedSerializer<KafkaWriterState> getWriterStateSerializer() {
        return sink.getWriterStateSerializer();
    }

    @Override
    public SimpleVersionedSerializer<Transaction> getWriteResultSerializer() {
        return getCommittableSerializer();
    }

    /** Tells each transaction its checkpoint, which its writer does not know yet when it hands it over. */
    @Override
    public DataStream<CommittableMessage<Transaction>> addPreCommitTopology(
            DataStream<CommittableMessage<Transaction>> transactions) {
        return transactions
                .map(TransactionalSink::withCheckpoint)
                .returns(CommittableMessageTypeInfo.of(this::getCommittableSerializer))
                .name("checkpoint")
                .uid("checkpoint");
    }

    private static CommittableMessage<Transaction> withCheckpoint(CommittableMessage<Transaction> message) {
        return message instanceof CommittableWithLineage<Transaction> prepared
                ? prepared.map(transaction -> transaction.ofCheckpoint(prepared.getCheckpointIdOrEOI()))
                : message;
    }

    @Override
    public Committer<Transaction> createCommitter(CommitterInitContext context) throws IOException {
        return new TransactionCommitter(
                sink.createCommitter(context), new TransactionOutcomes(adminProperties), lostTransactions, topic);
    }

    @Override
    public SimpleVersionedSerializer<Transaction> getCommittableSerializer() {
        return new TransactionSerializer(sink.getCommittableSerializer());
    }

    /** The connector puts writer and committer into one slot; it does not look at what they pass on. */
    @Override
    @SuppressWarnings({"unchecked", "rawtypes"})
    public void addPostCommitTopology(DataStream<CommittableMessage<Transaction>> committed) {
        sink.addPostCommitTopology((DataStream<CommittableMessage<KafkaCommittable>>) (DataStream) committed);
    }

    @Override
    public LineageVertex getLineageVertex() {
        return sink.getLineageVertex();
    }
}
