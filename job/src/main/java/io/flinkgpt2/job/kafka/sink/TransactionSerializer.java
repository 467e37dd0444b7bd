package io.flinkgpt2.job.kafka.sink;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/**
 * State format of a {@link Transaction}. Version 1 is the connector's own committable alone, as in the state of jobs from
 * before version 2, which wraps it.
 */
final class TransactionSerializer implements SimpleVersionedSerializer<Transaction> {

    private static final int CONNECTOR_ALONE = 1;
    private static final int VERSION = 2;

    private final SimpleVersionedSerializer<KafkaCommittable> connector;

    TransactionSerializer(SimpleVersionedSerializer<KafkaCommittable> connector) {
        this.connector = connector;
    }

    @Override
    public int getVersion() {
        return VERSION;
    }

    @Override
    public byte[] serialize(Transaction transaction) throws IOException {
        byte[] committable = connector.serialize(transaction.committable());
        DataOutputSerializer out = new DataOutputSerializer(64 + committable.length);
        out.writeInt(connector.getVersion());
        out.writeInt(committable.length);
        out.write(committable);
        out.writeLong(transaction.checkpoint());
        out.writeInt(transaction.sources().size());
        for (SourceRange range : transaction.sources()) {
            out.writeUTF(range.topic());
            out.writeInt(range.partition());
            out.writeLong(range.first());
            out.writeLong(range.last());
            out.writeLong(range.count());
        }
        return out.getCopyOfBuffer();
    }

    @Override
    public Transaction deserialize(int version, byte[] bytes) throws IOException {
        if (version == CONNECTOR_ALONE) {
            return new Transaction(connector.deserialize(version, bytes), Transaction.UNKNOWN, List.of());
        }
        if (version != VERSION) {
            throw new IOException(
                    "the state of a sink is of version " + version + ", expected " + CONNECTOR_ALONE + " or " + VERSION
                            + "; start the job with the version of flink-gpt2 that wrote it, or a newer one");
        }
        DataInputDeserializer in = new DataInputDeserializer(bytes);
        int connectorVersion = in.readInt();
        byte[] committable = new byte[in.readInt()];
        in.readFully(committable);
        long checkpoint = in.readLong();
        int count = in.readInt();
        List<SourceRange> sources = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            sources.add(new SourceRange(in.readUTF(), in.readInt(), in.readLong(), in.readLong(), in.readLong()));
        }
        return new Transaction(connector.deserialize(connectorVersion, committable), checkpoint, List.copyOf(sources));
    }
}
