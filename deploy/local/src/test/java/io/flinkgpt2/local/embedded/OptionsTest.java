package io.flinkgpt2.local.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OptionsTest {

    @Test
    void changingOneOptionOfKafkaKeepsTheOthers() {
        EmbeddedKafka.Options options = EmbeddedKafka.Options.defaults()
                .withPort(9092)
                .withDataDirectory(Path.of("data"))
                .withMessageMaxBytes(5)
                .withListeners(Map.of("TLS", "SSL"))
                .withSettings(Map.of("a", "b"));

        assertThat(options)
                .isEqualTo(new EmbeddedKafka.Options(
                        9092, Optional.of(Path.of("data")), OptionalInt.of(5), Map.of("TLS", "SSL"), Map.of("a", "b")));
        assertThat(options.withPort(1).withPort(9092)).isEqualTo(options);
    }

    @Test
    void changingOneOptionOfFlinkKeepsTheOthers() {
        LocalFlink.Options options = LocalFlink.Options.defaults()
                .withWebPort(8081)
                .withSlots(3)
                .withWorkDirectory(Path.of("work"))
                .withSettings(Map.of("a", "b"));

        assertThat(options).isEqualTo(new LocalFlink.Options(8081, 3, Optional.of(Path.of("work")), Map.of("a", "b")));
        assertThat(options.withWebPort(1).withWebPort(8081)).isEqualTo(options);
    }

    @Test
    void settingsAreCopied() {
        Map<String, String> settings = new HashMap<>(Map.of("a", "b"));
        LocalFlink.Options options = LocalFlink.Options.defaults().withSettings(settings);
        settings.put("a", "changed");

        assertThat(options.settings()).containsExactly(Map.entry("a", "b"));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 65_536, Integer.MIN_VALUE, Integer.MAX_VALUE})
    void aNumberThatIsNoPortIsRefused(int port) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EmbeddedKafka.Options.defaults().withPort(port))
                .withMessageContainingAll("Kafka", Integer.toString(port), "1..65535");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LocalFlink.Options.defaults().withWebPort(port))
                .withMessageContainingAll("web UI", Integer.toString(port), "1..65535");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 65_535})
    void theOutermostPortsAreTaken(int port) {
        assertThat(EmbeddedKafka.Options.defaults().withPort(port).port()).isEqualTo(port);
        assertThat(LocalFlink.Options.defaults().withWebPort(port).webPort()).isEqualTo(port);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1})
    void amountsThatAreNotPositiveAreRefused(int amount) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EmbeddedKafka.Options.defaults().withMessageMaxBytes(amount))
                .withMessageContainingAll("messageMaxBytes", Integer.toString(amount), "at least 1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LocalFlink.Options.defaults().withSlots(amount))
                .withMessageContainingAll("slots", Integer.toString(amount), "at least 1");
    }
}
