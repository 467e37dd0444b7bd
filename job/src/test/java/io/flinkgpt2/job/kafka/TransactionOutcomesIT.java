package io.flinkgpt2.job.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.job.kafka.TransactionOutcomes.Outcome;
import io.flinkgpt2.job.local.EmbeddedKafka;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.connector.kafka.sink.internal.FlinkKafkaInternalProducer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** How transactions ended, asked of a real broker. */
class TransactionOutcomesIT {

    private static EmbeddedKafka kafka;

    @BeforeAll
    static void start() throws Exception {
        kafka = EmbeddedKafka.start(EmbeddedKafka.Options.defaults());
        kafka.createTopic("topic", 1, Map.of());
    }

    @AfterAll
    static void stop() throws IOException {
        kafka.close();
    }

    @Test
    void whatWasCommittedAbortedOrTakenOverIsTold() throws Exception {
        Transaction committed = open("committed");
        Transaction recommitted = open("recommitted");
        Transaction aborted = open("aborted");
        Transaction fenced = open("fenced");
        Transaction open = open("open");
        committed.committable().getProducer().orElseThrow().commitTransaction();
        for (int i = 0; i < 2; i++) {
            try (FlinkKafkaInternalProducer<byte[], byte[]> producer = resumed(recommitted)) {
                producer.commitTransaction();
            }
        }
        try (FlinkKafkaInternalProducer<byte[], byte[]> producer = resumed(aborted)) {
            producer.abortTransaction();
        }
        try (Admin admin = Admin.create(properties())) {
            admin.fenceProducers(List.of("fenced")).all().get();
        }
        Transaction forgotten = new Transaction(new KafkaCommittable(1, (short) 0, "forgotten", null), 1, List.of());
        List<Transaction> all = List.of(committed, recommitted, aborted, fenced, open, forgotten);

        Map<String, TransactionOutcomes.Answer> answers = new TransactionOutcomes(properties()).of(all);

        assertThat(all).extracting(each -> answers.get(each.id()).outcome())
                .containsExactly(
                        Outcome.COMMITTED,
                        Outcome.COMMITTED,
                        Outcome.ABORTED,
                        Outcome.UNKNOWN,
                        Outcome.UNKNOWN,
                        Outcome.UNKNOWN);
        assertThat(answers.get("fenced").found()).contains("Empty", "epoch");
        assertThat(answers.get("forgotten").found()).contains("TransactionalIdNotFound");
        all.forEach(each -> each.committable().getProducer().ifPresent(FlinkKafkaInternalProducer::close));
    }

    private static Transaction open(String id) throws Exception {
        FlinkKafkaInternalProducer<byte[], byte[]> producer = new FlinkKafkaInternalProducer<>(properties(), id);
        producer.initTransactions();
        producer.beginTransaction();
        producer.send(new ProducerRecord<>("topic", new byte[] {1})).get();
        producer.flush();
        producer.precommitTransaction();
        return new Transaction(KafkaCommittable.of(producer), 1, List.of());
    }

    private static FlinkKafkaInternalProducer<byte[], byte[]> resumed(Transaction transaction) {
        FlinkKafkaInternalProducer<byte[], byte[]> producer =
                new FlinkKafkaInternalProducer<>(properties(), transaction.id());
        producer.resumeTransaction(
                transaction.committable().getProducerId(),
                transaction.committable().getEpoch());
        return producer;
    }

    private static Properties properties() {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", kafka.bootstrapServers());
        properties.put("key.serializer", ByteArraySerializer.class.getName());
        properties.put("value.serializer", ByteArraySerializer.class.getName());
        return properties;
    }
}
