package io.flinkgpt2.job.kafka.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.flinkgpt2.job.kafka.sink.TransactionOutcomes.Outcome;
import io.flinkgpt2.local.embedded.EmbeddedKafka;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.common.serialization.SimpleStringSchema;
import org.apache.flink.api.connector.sink2.Committer.CommitRequest;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.internal.FlinkKafkaInternalProducer;
import org.apache.flink.connector.kafka.sink.internal.KafkaCommitter;
import org.apache.flink.streaming.runtime.operators.sink.SinkWriterOperatorFactory;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Commits of transactions that have ended already, and a writer whose transaction has, on a real broker. */
class TransactionCommitterIT {

    private static EmbeddedKafka kafka;
    private static TestTransactions transactions;

    @BeforeAll
    static void start() throws Exception {
        kafka = EmbeddedKafka.start(EmbeddedKafka.Options.defaults());
        kafka.createTopic("topic", 1, Map.of());
        transactions = new TestTransactions(kafka.bootstrapServers());
    }

    @AfterAll
    static void stop() throws IOException {
        kafka.close();
    }

    @Test
    void howATransactionEndedIsAsked() throws Exception {
        Transaction committed = transactions.open("a-committed");
        Transaction recommitted = transactions.open("a-recommitted");
        Transaction bumped = transactions.open("a-bumped");
        Transaction aborted = transactions.aborted("a-aborted");
        Transaction fenced = transactions.open("a-fenced");
        Transaction taken = transactions.open("a-taken");
        Transaction abortedAndTaken = transactions.open("a-aborted-and-taken");
        Transaction open = transactions.open("a-open");
        committed.committable().getProducer().orElseThrow().commitTransaction();
        for (int i = 0; i < 2; i++) {
            try (FlinkKafkaInternalProducer<byte[], byte[]> producer = transactions.resumed(recommitted)) {
                producer.commitTransaction();
            }
        }
        transactions.commitAndBumpEpoch(bumped);
        transactions.fence(fenced);
        transactions.take(taken);
        transactions.abortAsAdministrator(abortedAndTaken);
        transactions.take(abortedAndTaken);
        Transaction forgotten = transactions.forgotten("a-forgotten");
        List<Transaction> all =
                List.of(committed, recommitted, bumped, aborted, fenced, taken, abortedAndTaken, open, forgotten);

        Map<String, TransactionOutcomes.Answer> answers = new TransactionOutcomes(transactions.properties()).of(all);

        assertThat(all)
                .extracting(each -> answers.get(each.id()).outcome())
                .containsExactly(
                        Outcome.COMMITTED,
                        Outcome.COMMITTED,
                        Outcome.COMMITTED,
                        Outcome.ABORTED,
                        Outcome.UNKNOWN,
                        Outcome.UNKNOWN,
                        Outcome.UNKNOWN,
                        Outcome.UNKNOWN,
                        Outcome.UNKNOWN);
        assertThat(answers.get("a-fenced").found()).contains("Empty", "epoch");
        assertThat(answers.get("a-forgotten").found()).contains("TransactionalIdNotFound");
        transactions.close(all);
    }

    @Test
    void whatWasCommittedBeforeARestoreIsLeftAloneAndWhatWasNotIsCommitted() throws Exception {
        Transaction committed = transactions.open("b-committed");
        Transaction open = transactions.open("b-open");
        committed.committable().getProducer().orElseThrow().commitTransaction();
        Request first = new Request(transactions.restored(committed));
        Request second = new Request(transactions.restored(open));

        commit(LostTransactions.FAIL, first, second);

        assertThat(first.signals).containsExactly("already committed");
        assertThat(second.signals).isEmpty();
        assertThat(new TransactionOutcomes(transactions.properties())
                        .of(List.of(open))
                        .get(open.id())
                        .outcome())
                .isEqualTo(Outcome.COMMITTED);
        transactions.close(List.of(committed, open));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "aborted | Kafka aborted transaction %s of checkpoint 9",
                "fenced | Kafka can no longer say whether transaction %s of checkpoint 9 was committed (ProducerFenced",
                "forgotten | Kafka can no longer say whether transaction %s of checkpoint 9 was committed (InvalidPidMapping"
            })
    void whatCannotBeCommittedFailsTheJobUnlessToldOtherwise(String fate, String message) throws Exception {
        String id = "c-" + fate;
        Transaction lost;
        if (fate.equals("forgotten")) {
            lost = transactions.forgotten(id);
        } else if (fate.equals("aborted")) {
            lost = transactions.aborted(id);
        } else {
            lost = transactions.open(id);
            transactions.fence(lost);
        }
        for (Transaction transaction : List.of(lost, transactions.restored(lost))) {
            Request request = new Request(transaction);
            assertThatThrownBy(() -> commit(LostTransactions.FAIL, request))
                    .isInstanceOf(LostTransactionException.class)
                    .hasMessageContainingAll(
                            message.formatted(id), "of topic topic for prompts-0 offsets 3..5 (2 records)", "continue");
        }
        Request knowingly = new Request(transactions.restored(lost));
        commit(LostTransactions.CONTINUE, knowingly);
        assertThat(knowingly.signals).containsExactly("failed");
        transactions.close(List.of(lost));
    }

    /**
     * A task that stood still while another took its place has records that Kafka no longer takes. Flink ends the whole
     * TaskManager if the task's clean-up then fails.
     */
    @Test
    @SuppressWarnings("try") // a harness may throw anything when it is closed
    void aWriterWhoseTransactionIsFencedCanBeClosed() throws Exception {
        KafkaSink<String> connector = KafkaSink.<String>builder()
                .setBootstrapServers(kafka.bootstrapServers())
                .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
                .setTransactionalIdPrefix("zombie")
                .setProperty("transaction.timeout.ms", "60000")
                .setProperty("interceptor.classes", RefusedRecords.class.getName())
                .setRecordSerializer(KafkaRecordSerializationSchema.builder()
                        .setTopic("topic")
                        .setValueSerializationSchema(new SimpleStringSchema())
                        .build())
                .build();
        TransactionalSink<String> sink = new TransactionalSink<>(
                connector, "topic", record -> null, transactions.properties(), LostTransactions.FAIL);
        var task = new OneInputStreamOperatorTestHarness<>(new SinkWriterOperatorFactory<>(sink));
        try (task;
                Admin admin = Admin.create(transactions.properties())) {
            task.setup();
            task.open();
            task.processElement(new StreamRecord<>("taken"));
            String id = await().until(
                            () -> admin.listTransactions().all().get().stream()
                                    .map(TransactionListing::transactionalId)
                                    .filter(each -> each.startsWith("zombie"))
                                    .findAny(),
                            Optional::isPresent)
                    .orElseThrow();
            admin.fenceProducers(List.of(id)).all().get();
            task.processElement(new StreamRecord<>("refused"));
            await().until(() -> RefusedRecords.COUNT.get() > 0);
        }
    }

    /** Counts records that a broker has not taken. */
    public static final class RefusedRecords implements ProducerInterceptor<byte[], byte[]> {
        private static final AtomicInteger COUNT = new AtomicInteger();

        @Override
        public ProducerRecord<byte[], byte[]> onSend(ProducerRecord<byte[], byte[]> record) {
            return record;
        }

        @Override
        public void onAcknowledgement(RecordMetadata metadata, Exception exception) {
            if (exception != null) {
                COUNT.incrementAndGet();
            }
        }

        @Override
        public void close() {}

        @Override
        public void configure(Map<String, ?> configs) {}
    }

    /** A request as Flink's own, which keeps what it is told. */
    private static final class Request implements CommitRequest<Transaction> {
        private final Transaction transaction;
        private final List<String> signals = new ArrayList<>();

        Request(Transaction transaction) {
            this.transaction = transaction;
        }

        @Override
        public Transaction getCommittable() {
            return transaction;
        }

        @Override
        public int getNumberOfRetries() {
            return 0;
        }

        @Override
        public void signalFailedWithKnownReason(Throwable reason) {
            signals.add("failed");
        }

        @Override
        public void signalFailedWithUnknownReason(Throwable reason) {
            throw new IllegalStateException(reason);
        }

        @Override
        public void retryLater() {
            signals.add("retry");
        }

        @Override
        public void updateAndRetryLater(Transaction committable) {
            signals.add("retry");
        }

        @Override
        public void signalAlreadyCommitted() {
            signals.add("already committed");
        }
    }

    private static void commit(LostTransactions lostTransactions, Request... requests) throws Exception {
        TransactionCommitter committer = new TransactionCommitter(
                new KafkaCommitter(transactions.properties(), "test", 0, 0, false, FlinkKafkaInternalProducer::new),
                new TransactionOutcomes(transactions.properties()),
                lostTransactions,
                "topic");
        try {
            committer.commit(List.of(requests));
        } finally {
            committer.close();
        }
    }
}
