package io.flinkgpt2.local.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClusterStateTest {

    private static final ClusterState STATE = new ClusterState("/jdk/bin/java", 9092, 8081, 2, Map.of(Role.KAFKA, 7L));

    @Test
    void whatIsWrittenIsRead() throws Exception {
        ClusterState state = STATE.with(Role.TASKMANAGER, 1L << 40);

        assertThat(state.pids()).isEqualTo(Map.of(Role.KAFKA, 7L, Role.TASKMANAGER, 1L << 40));
        assertThat(ClusterState.parse(state.toJson())).isEqualTo(state);
    }

    @Test
    void aProcessThatIsStartedAgainTakesThePlaceOfTheFirst() {
        assertThat(STATE.with(Role.KAFKA, 8L).pids()).isEqualTo(Map.of(Role.KAFKA, 8L));
        assertThat(STATE.pids()).isEqualTo(Map.of(Role.KAFKA, 7L));
    }

    @Test
    void addressesAreThoseOfThisMachine() {
        assertThat(STATE.bootstrapServers()).isEqualTo("localhost:9092");
        assertThat(STATE.flinkAddress()).isEqualTo("localhost:8081");
        assertThat(STATE.webUrl()).isEqualTo("http://localhost:8081");
    }

    @Test
    void fieldsOfLaterVersionsDoNoHarm() throws Exception {
        assertThat(ClusterState.parse(STATE.toJson().replaceFirst("\\{", "{\"later\": [1], ")))
                .isEqualTo(STATE);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "``|found none of java",
                "[]|found none of java",
                "{\"java\": \"j\", \"kafka_port\": 1|found text that is not JSON (found the end of the text too early",
                "{\"java\": \"j\", \"kafka_port\": \"1\"}|found \"1\" of kafka_port, expected a whole number in 1..65535",
                "{\"java\": \"j\", \"kafka_port\": 65536}|found 65536 of kafka_port",
                "{\"java\": \"j\", \"kafka_port\": 1.5}|found 1.5 of kafka_port",
                "{\"java\": \"j\", \"kafka_port\": 1, \"web_port\": 0}|found 0 of web_port",
                "{\"java\": \"j\", \"kafka_port\": 1, \"web_port\": 1}|found none of slots",
                "{\"pids\": {\"zookeeper\": 1}}|found the process 'zookeeper', expected kafka, jobmanager or",
                "{\"pids\": {\"kafka\": -1}}|found -1 of kafka",
                "{\"pids\": {\"kafka\": 9223372036854775808}}|found 9223372036854775808 of kafka",
            })
    void anythingElseIsRefusedByWhatIsWrong(String text, String message) {
        assertThatThrownBy(() -> ClusterState.parse(text))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(message);
    }
}
