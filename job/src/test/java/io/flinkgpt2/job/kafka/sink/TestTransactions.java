package io.flinkgpt2.job.kafka.sink;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Properties;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.connector.kafka.sink.internal.FlinkKafkaInternalProducer;
import org.apache.kafka.clients.admin.AbortTransactionSpec;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Transactions of one record, prepared for a commit on a real broker, and the ways in which they may end. */
final class TestTransactions {

    static final List<SourceRange> SOURCES = List.of(new SourceRange("prompts", 0, 3, 5, 2));

    private final String bootstrapServers;

    TestTransactions(String bootstrapServers) {
        this.bootstrapServers = bootstrapServers;
    }

    /** As a producer does that has learned of the brokers' transaction version before it commits, and not only then. */
    void commitAndBumpEpoch(Transaction transaction) {
        try (FlinkKafkaInternalProducer<byte[], byte[]> producer = resumed(transaction)) {
            assertThat(producer.partitionsFor("topic")).hasSize(1);
            producer.commitTransaction();
        }
    }

    /**
     * Opens a transaction and aborts it. A producer that learns of the brokers' transaction version meanwhile asks for the next
     * epoch after the abort, which brokers that abort do not: then it is done again.
     */
    Transaction aborted(String id) throws Exception {
        try (Admin admin = Admin.create(properties())) {
            while (true) {
                Transaction transaction = open(id);
                try (FlinkKafkaInternalProducer<byte[], byte[]> producer = resumed(transaction)) {
                    producer.abortTransaction();
                }
                TransactionState state = admin.describeTransactions(List.of(id))
                        .description(id)
                        .get()
                        .state();
                if (state == TransactionState.COMPLETE_ABORT || state == TransactionState.PREPARE_ABORT) {
                    return transaction;
                }
                close(List.of(transaction));
            }
        }
    }

    void fence(Transaction transaction) throws Exception {
        try (Admin admin = Admin.create(properties())) {
            admin.fenceProducers(List.of(transaction.id())).all().get();
        }
    }

    /** As a writer does that is restored from an older checkpoint. */
    void take(Transaction transaction) {
        try (FlinkKafkaInternalProducer<byte[], byte[]> producer =
                new FlinkKafkaInternalProducer<>(properties(), transaction.id())) {
            producer.initTransactions();
        }
    }

    void abortAsAdministrator(Transaction transaction) throws Exception {
        TopicPartition partition = new TopicPartition("topic", 0);
        try (Admin admin = Admin.create(properties())) {
            ProducerState state =
                    admin
                            .describeProducers(List.of(partition))
                            .partitionResult(partition)
                            .get()
                            .activeProducers()
                            .stream()
                            .filter(each -> each.producerId()
                                    == transaction.committable().getProducerId())
                            .findAny()
                            .orElseThrow();
            admin.abortTransaction(new AbortTransactionSpec(
                            partition,
                            state.producerId(),
                            (short) state.producerEpoch(),
                            state.coordinatorEpoch().orElse(0)))
                    .all()
                    .get();
        }
    }

    Transaction forgotten(String id) {
        return new Transaction(new KafkaCommittable(1, (short) 0, id, null), 9, SOURCES);
    }

    Transaction restored(Transaction transaction) {
        KafkaCommittable committable = transaction.committable();
        return new Transaction(
                new KafkaCommittable(committable.getProducerId(), committable.getEpoch(), transaction.id(), null),
                transaction.checkpoint(),
                transaction.sources());
    }

    void close(List<Transaction> transactions) {
        transactions.forEach(each -> each.committable().getProducer().ifPresent(FlinkKafkaInternalProducer::close));
    }

    Transaction open(String id) throws Exception {
        FlinkKafkaInternalProducer<byte[], byte[]> producer = new FlinkKafkaInternalProducer<>(properties(), id);
        producer.initTransactions();
        producer.beginTransaction();
        producer.send(new ProducerRecord<>("topic", new byte[] {1})).get();
        producer.flush();
        producer.precommitTransaction();
        return new Transaction(KafkaCommittable.of(producer), 9, SOURCES);
    }

    FlinkKafkaInternalProducer<byte[], byte[]> resumed(Transaction transaction) {
        FlinkKafkaInternalProducer<byte[], byte[]> producer =
                new FlinkKafkaInternalProducer<>(properties(), transaction.id());
        producer.resumeTransaction(
                transaction.committable().getProducerId(),
                transaction.committable().getEpoch());
        return producer;
    }

    Properties properties() {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrapServers);
        properties.put("key.serializer", ByteArraySerializer.class.getName());
        properties.put("value.serializer", ByteArraySerializer.class.getName());
        return properties;
    }
}
