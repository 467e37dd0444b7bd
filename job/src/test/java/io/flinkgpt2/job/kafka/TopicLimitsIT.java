package io.flinkgpt2.job.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.job.local.EmbeddedKafka;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
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
                    .hasMessageContainingAll(servers, "kafka.bootstrap.servers", "check")
                    .hasCauseInstanceOf(TimeoutException.class);
        }
    }

    @Test
    void anAddressThatIsNoneIsNamed() {
        assertThatThrownBy(() -> TopicLimits.of(settings("localhost", Map.of())))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("localhost", "kafka.bootstrap.servers");
    }

    @Test
    void eitherTimeoutMayBeGivenAlone() {
        assertThat(TopicLimits.of(settings("in", "out", "bad", Map.of("request.timeout.ms", "60000"))))
                .isEqualTo(new TopicLimits(2_000_000, 3_000_000, Duration.ofMinutes(15)));
        assertThat(TopicLimits.of(settings("in", "out", "bad", Map.of("default.api.timeout.ms", "20000"))))
                .isEqualTo(new TopicLimits(2_000_000, 3_000_000, Duration.ofMinutes(15)));
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
