package io.flinkgpt2.job.kafka.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class GroupOffsetsTest {

    private static final Map<TopicPartition, Long> OFFSETS = Map.of(new TopicPartition("prompts", 0), 7L);

    @Test
    void aBrokerThatCannotBeReachedIsNoFailureOfTheJob() {
        assertThatCode(() -> new GroupOffsets("group", properties("localhost:1")).commit(OFFSETS))
                .doesNotThrowAnyException();
    }

    @Test
    void anAddressThatIsNoneIsNoFailureOfTheJob() {
        assertThatCode(() -> new GroupOffsets("group", properties("nowhere.invalid:1")).commit(OFFSETS))
                .doesNotThrowAnyException();
    }

    @Test
    void anInterruptIsKept() {
        Thread.currentThread().interrupt();

        new GroupOffsets("group", properties("localhost:1")).commit(OFFSETS);

        assertThat(Thread.interrupted()).isTrue();
    }

    private static Properties properties(String servers) {
        Properties properties = new Properties();
        properties.setProperty("bootstrap.servers", servers);
        properties.setProperty("default.api.timeout.ms", "200");
        properties.setProperty("request.timeout.ms", "200");
        return properties;
    }
}
