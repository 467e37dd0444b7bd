package io.flinkgpt2.job.kafka.sink;

import java.util.List;
import java.util.stream.Collectors;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;

/**
 * A Kafka transaction that waits for its checkpoint, and what would be missing without it.
 *
 * @param committable the connector's own
 * @param checkpoint id of the checkpoint that it belongs to, or {@link #UNKNOWN}
 * @param sources source offsets of its records; empty if unknown
 */
record Transaction(KafkaCommittable committable, long checkpoint, List<SourceRange> sources) {

    /** A checkpoint's id in the state of a version that did not keep it. */
    static final long UNKNOWN = -1;

    Transaction ofCheckpoint(long id) {
        return new Transaction(committable, id, sources);
    }

    String id() {
        return committable.getTransactionalId();
    }

    /** Returns whether it comes from state: the producer that wrote it is gone, and it may have been committed already. */
    boolean isRestored() {
        return committable.getProducer().isEmpty();
    }

    String offsets() {
        return sources.isEmpty()
                ? "source offsets that this state does not name"
                : sources.stream().map(SourceRange::toString).collect(Collectors.joining(", "));
    }

    @Override
    public String toString() {
        return "transaction " + id() + (checkpoint == UNKNOWN ? "" : " of checkpoint " + checkpoint);
    }
}
