package io.flinkgpt2.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.flinkgpt2.job.kafka.KafkaConnections;
import io.flinkgpt2.job.kafka.TopicLimits;
import io.flinkgpt2.job.kafka.sink.LostTransactionException;
import io.flinkgpt2.local.server.Ports;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.connector.kafka.sink.internal.FlinkKafkaInternalProducer;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.ExceptionUtils;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A transaction that Kafka aborts before its checkpoint commits it; and what Prometheus is told of it, and of all else. */
class LostTransactionIT {

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final String COMPLETIONS = "completions-lost";

    private static TestStack stack;
    private static int metricsPort;

    @BeforeAll
    static void start() throws Exception {
        metricsPort = Ports.choose(0).get(0);
        stack = TestStack.start(MetricsPage.reporter(metricsPort));
        stack.createTopic("prompts-lost", 1);
        stack.createTopic(COMPLETIONS, 1);
        stack.createTopic("dead-letters-lost", 1);
    }

    @AfterAll
    static void stop() throws IOException {
        stack.close();
    }

    @Test
    void theJobFailsForGoodAndSaysWhatIsLostAndGoesOnWhereItIsTold() throws Exception {
        stack.produce(prompts(0, 4));
        JobClient job = start(null);
        await().atMost(PATIENCE).until(() -> stack.uncommitted(COMPLETIONS).size() == 4);
        String transaction = abortOpenTransaction();
        String checkpoint = stack.takeCheckpoint(job.getJobID());

        String named = "Kafka aborted transaction " + transaction + " of checkpoint 1";
        String offsets = COMPLETIONS + " for prompts-lost-0 offsets 0..3 (4 records)";
        assertThatThrownBy(() -> job.getJobExecutionResult().get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .satisfies(failure -> assertThat(failure(failure))
                        .contains(named, offsets, "kafka.transaction.timeout.ms", "--lost-transactions continue"));
        // The strategy would allow a restart, which would find the same.
        assertThat(stack.restarts(job.getJobID())).isEqualTo(1);
        assertThat(stack.committed(COMPLETIONS)).isEmpty();

        JobClient again = start(checkpoint);
        assertThatThrownBy(() -> again.getJobExecutionResult().get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .satisfies(failure -> assertThat(failure(failure)).contains(named, offsets));

        stack.produce(prompts(4, 6));
        JobClient knowingly = start(checkpoint, "--lost-transactions=continue");
        await().atMost(PATIENCE).until(() -> stack.uncommitted(COMPLETIONS).size() == 6);
        stack.takeCheckpoint(knowingly.getJobID());
        await().atMost(PATIENCE).until(() -> stack.committed(COMPLETIONS).size() == 2);
        assertThat(knowingly.getJobStatus().get()).isEqualTo(JobStatus.RUNNING);
        stack.produce(List.of(TestStack.request("prompts-lost", 0, "no json")));
        assertThatPrometheusIsToldAllThatItAsksFor();
        knowingly.cancel().get();
    }

    /** Whatever alerts and panels name is there, and the loss and the dead letter are. */
    private static void assertThatPrometheusIsToldAllThatItAsksFor() {
        String operator = "flink_taskmanager_job_task_operator_";
        await().atMost(PATIENCE).untilAsserted(() -> {
            MetricsPage page = MetricsPage.read(metricsPort);
            assertThat(page.missing(MonitoringFiles.queries())).isEmpty();
            assertThat(page.values(operator + "reason_deadLetters", "reason", "invalid_json"))
                    .containsExactlyInAnyOrder(1.0, 0.0);
            assertThat(page.values(operator + "failedCommittables", "operator_name", "completions:_Committer"))
                    .containsExactly(1.0);
        });
    }

    private static String failure(Throwable failure) {
        return ExceptionUtils.findThrowable(failure, LostTransactionException.class)
                .map(Throwable::getMessage)
                .orElseThrow(() -> new AssertionError("another failure", failure));
    }

    /** Ends the one open transaction as the broker does when it is too old. */
    private static String abortOpenTransaction() throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", stack.bootstrapServers()))) {
            List<String> ids = admin.listTransactions().all().get().stream()
                    .map(TransactionListing::transactionalId)
                    .toList();
            Map<String, TransactionDescription> descriptions =
                    admin.describeTransactions(ids).all().get();
            String id = ids.stream()
                    .filter(each -> !descriptions.get(each).topicPartitions().isEmpty())
                    .findFirst()
                    .orElseThrow();
            Properties properties = new Properties();
            properties.put("bootstrap.servers", stack.bootstrapServers());
            properties.put("key.serializer", ByteArraySerializer.class.getName());
            properties.put("value.serializer", ByteArraySerializer.class.getName());
            try (FlinkKafkaInternalProducer<byte[], byte[]> producer =
                    new FlinkKafkaInternalProducer<>(properties, id)) {
                TransactionDescription open = descriptions.get(id);
                producer.resumeTransaction(open.producerId(), (short) open.producerEpoch());
                producer.abortTransaction();
            }
            return id;
        }
    }

    /** Checkpoints are taken when the test asks for them. */
    private static JobClient start(String checkpoint, String... further) throws Exception {
        List<String> arguments = new ArrayList<>(List.of(
                "--job.name=lost",
                "--topics.prompts=prompts-lost",
                "--topics.completions=" + COMPLETIONS,
                "--topics.dead-letters=dead-letters-lost",
                "--source.bounded=false",
                "--checkpoint.interval",
                "1 h"));
        arguments.addAll(Arrays.asList(further));
        JobSettings settings = stack.settings(arguments.toArray(new String[0]));
        StreamExecutionEnvironment environment = stack.environment(
                1, checkpoint == null ? Map.of() : Map.of("execution.state-recovery.path", checkpoint));
        KafkaConnections kafka = new KafkaConnections(settings.kafka(), TopicLimits.of(settings.kafka()));
        CompletionJob.build(environment, settings, kafka.prompts(), kafka.completions(), kafka.deadLetters());
        return environment.executeAsync("lost");
    }

    private static List<ProducerRecord<byte[], byte[]>> prompts(int from, int to) {
        return IntStream.range(from, to)
                .mapToObj(i -> TestStack.request(
                        "prompts-lost", 0, "{\"custom_id\": \"r-" + i + "\", \"prompt\": \"Once\", \"max_tokens\": 2}"))
                .toList();
    }
}
