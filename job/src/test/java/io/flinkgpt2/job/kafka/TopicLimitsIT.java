package io.flinkgpt2.job.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.job.kafka.sink.LostTransactions;
import io.flinkgpt2.job.kafka.source.SourceStart;
import io.flinkgpt2.local.embedded.EmbeddedKafka;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TopicLimitsIT {

    private static EmbeddedKafka kafka;

    @BeforeAll
    static void start() throws Exception {
        kafka = EmbeddedKafka.start(EmbeddedKafka.Options.defaults().withMessageMaxBytes(3_000_000));
        kafka.createTopic("in", 1, Map.of());
        kafka.createTopic("out", 1, Map.of("max.message.bytes", "2000000"));
        kafka.createTopic("bad", 1, Map.of());
    }

    @AfterAll
    static void stop() throws IOException {
        kafka.close();
    }

    @Test
    void theLimitIsTheTopicsOwnElseTheBrokers() {
        assertThat(TopicLimits.of(settings("in", "out", "bad", Map.of())))
                .isEqualTo(new TopicLimits(2_000_000, 3_000_000, Duration.ofMinutes(15)));
    }

    @Test
    void aTopicThatIsMissingIsNamed() {
        assertMissing("in-2", settings("in-2", "out", "bad", Map.of()));
        assertMissing("out-2", settings("in", "out-2", "bad", Map.of()));
        assertMissing("bad-2", settings("in", "out", "bad-2", Map.of()));
    }

    private static void assertMissing(String topic, KafkaSettings settings) {
        assertThatThrownBy(() -> TopicLimits.of(settings))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll(
                        "topic " + topic + " does not exist", kafka.bootstrapServers(), "create", "topics.*")
                .hasRootCauseInstanceOf(UnknownTopicOrPartitionException.class);
    }

    @Test
    void aBrokerThatDoesNotAnswerIsNamed() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getByName("localhost"))) {
            String servers = "localhost:" + silent.getLocalPort();

            assertThatThrownBy(() -> TopicLimits.of(settings(servers, Map.of("default.api.timeout.ms", "500"))))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContainingAll(servers, "found no answer", "bootstrap.servers", "check")
                    .hasCauseInstanceOf(TimeoutException.class);
        }
    }

    @Test
    void anAddressThatIsNoneIsNamed() {
        assertThatThrownBy(() -> TopicLimits.of(settings("localhost", Map.of())))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("localhost", "bootstrap.servers", "expected");
    }

    @Test
    void eitherTimeoutMayBeGivenAlone() {
        assertThat(TopicLimits.of(settings("in", "out", "bad", Map.of("request.timeout.ms", "60000"))))
                .isEqualTo(new TopicLimits(2_000_000, 3_000_000, Duration.ofMinutes(15)));
        assertThat(TopicLimits.of(settings("in", "out", "bad", Map.of("default.api.timeout.ms", "20000"))))
                .isEqualTo(new TopicLimits(2_000_000, 3_000_000, Duration.ofMinutes(15)));
    }

    @Test
    void openTransactionsAreThoseUnderTheNameOfTheJob() {
        KafkaSettings settings = settings("in", "out", "bad", Map.of());
        assertThat(OpenTransactions.of(settings)).isEmpty();

        String own = settings.name() + "-completions-0-7";
        try (KafkaProducer<byte[], byte[]> first = begin(own);
                KafkaProducer<byte[], byte[]> other = begin(settings.name() + "-2-completions-0-7")) {
            assertThat(OpenTransactions.of(settings)).containsExactly(own);

            first.abortTransaction();
            assertThat(OpenTransactions.of(settings)).isEmpty();
            other.abortTransaction();
        }
    }

    private static KafkaProducer<byte[], byte[]> begin(String transactionalId) {
        KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", kafka.bootstrapServers(), "transactional.id", transactionalId),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        producer.initTransactions();
        producer.beginTransaction();
        producer.send(new ProducerRecord<>("out", new byte[1]));
        producer.flush();
        return producer;
    }

    @Test
    void aBrokerThatCannotBeAskedForTransactionsIsNoFailure() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getByName("localhost"))) {
            KafkaSettings settings =
                    settings("localhost:" + silent.getLocalPort(), Map.of("default.api.timeout.ms", "500"));

            assertThatThrownBy(() -> OpenTransactions.of(settings)).isInstanceOf(TimeoutException.class);
            assertThatCode(() -> OpenTransactions.warn(settings)).doesNotThrowAnyException();
        }
    }

    private static KafkaSettings settings(String in, String out, String bad, Map<String, String> properties) {
        return new KafkaSettings(
                "job",
                kafka.bootstrapServers(),
                "group",
                in,
                out,
                bad,
                SourceStart.COMMITTED,
                true,
                900_000,
                LostTransactions.FAIL,
                properties);
    }

    private static KafkaSettings settings(String servers, Map<String, String> properties) {
        return new KafkaSettings(
                "job",
                servers,
                "group",
                "in",
                "out",
                "bad",
                SourceStart.COMMITTED,
                true,
                900_000,
                LostTransactions.FAIL,
                properties);
    }
}
