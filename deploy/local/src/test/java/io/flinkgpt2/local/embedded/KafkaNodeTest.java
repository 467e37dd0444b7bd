package io.flinkgpt2.local.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import kafka.server.KafkaConfig;
import org.junit.jupiter.api.Test;

class KafkaNodeTest {

    private static final Path DIRECTORY = Path.of("kafka-data");

    @Test
    void everySettingIsOneThatKafkaKnows() {
        Map<String, String> settings = KafkaNode.settings(
                EmbeddedKafka.Options.defaults().withMessageMaxBytes(1), DIRECTORY, 9092, 9093, Map.of());

        // Kafka ignores a name it does not know.
        assertThat(KafkaConfig.configDef().names()).containsAll(settings.keySet());
    }

    @Test
    void listenersAreOnTheLoopbackInterfaceOnly() {
        Map<String, String> settings =
                KafkaNode.settings(EmbeddedKafka.Options.defaults(), DIRECTORY, 9092, 9093, Map.of());

        assertThat(settings)
                .containsEntry("listeners", "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093")
                .containsEntry("advertised.listeners", "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093")
                .containsEntry("controller.quorum.voters", "1@localhost:9093");
    }

    @Test
    void furtherListenersHaveTheirOwnProtocolAndAreOnTheLoopbackInterfaceToo() {
        EmbeddedKafka.Options options = EmbeddedKafka.Options.defaults()
                .withListeners(Map.of("TLS", "SSL"))
                .withSettings(Map.of("ssl.client.auth", "required", "listeners", "TLS://0.0.0.0:1"));

        Map<String, String> settings = KafkaNode.settings(options, DIRECTORY, 9092, 9093, Map.of("TLS", 9094));

        assertThat(settings)
                .containsEntry("ssl.client.auth", "required")
                .containsEntry(
                        "listeners", "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093,TLS://localhost:9094")
                .containsEntry("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,TLS:SSL");
    }

    @Test
    void limitsOnRecordsAreKafkasOwnUnlessAskedFor() {
        Map<String, String> settings =
                KafkaNode.settings(EmbeddedKafka.Options.defaults(), DIRECTORY, 9092, 9093, Map.of());

        assertThat(settings).doesNotContainKeys("message.max.bytes", "socket.request.max.bytes");
    }

    @Test
    void aRequestHasRoomForTheLargestRecordBatch() {
        assertThat(requestLimit(20 << 20)).isEqualTo(100 << 20);
        assertThat(requestLimit(200 << 20)).isGreaterThan(200 << 20);
        assertThat(requestLimit(Integer.MAX_VALUE)).isEqualTo(Integer.MAX_VALUE);
    }

    private static int requestLimit(int messageMaxBytes) {
        Map<String, String> settings = KafkaNode.settings(
                EmbeddedKafka.Options.defaults().withMessageMaxBytes(messageMaxBytes), DIRECTORY, 9092, 9093, Map.of());
        return Integer.parseInt(settings.get("socket.request.max.bytes"));
    }
}
