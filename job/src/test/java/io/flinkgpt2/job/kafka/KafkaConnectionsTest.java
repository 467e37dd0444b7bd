package io.flinkgpt2.job.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.job.kafka.sink.LostTransactions;
import io.flinkgpt2.job.kafka.source.SourceStart;
import io.flinkgpt2.job.record.AnswerLimits;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KafkaConnectionsTest {

    private static final int DEFAULT = TopicLimits.DEFAULT_MAX_MESSAGE_BYTES;

    @Test
    void halfOfWhatACompletionLeavesOfItsRecordMayBeCopied() {
        assertThat(connections(TopicLimits.defaults(), Map.of())
                        .answerLimits(AnswerLimits.none())
                        .copiedBytes())
                .isEqualTo((DEFAULT - 262_144 - 4096) / 2);
        assertThat(connections(TopicLimits.defaults(), Map.of()).answerLimits(new AnswerLimits(2048, 1 << 30)))
                .isEqualTo(new AnswerLimits(2048, DEFAULT - 4096));
    }

    @Test
    void aCompletionsTopicThatTakesTooLittleIsNamed() {
        int least = 262_144 + 4096 + 2048;
        assertThat(connections(new TopicLimits(least, DEFAULT, TopicLimits.DEFAULT_MAX_TRANSACTION_TIMEOUT), Map.of())
                        .answerLimits(new AnswerLimits(4096, 4096))
                        .copiedBytes())
                .isEqualTo(1024);
        assertThatThrownBy(() -> connections(
                                new TopicLimits(least - 2, DEFAULT, TopicLimits.DEFAULT_MAX_TRANSACTION_TIMEOUT),
                                Map.of())
                        .answerLimits(AnswerLimits.none()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("topic out", String.valueOf(least - 2), String.valueOf(least), "max.message");
    }

    @Test
    void aDeadLettersTopicThatTakesTooLittleIsNamed() {
        int least = 16_384 + 4096;
        assertThat(connections(new TopicLimits(DEFAULT, least, TopicLimits.DEFAULT_MAX_TRANSACTION_TIMEOUT), Map.of())
                        .deadLetters())
                .isNotNull();
        assertThatThrownBy(() -> connections(
                                new TopicLimits(DEFAULT, least - 1, TopicLimits.DEFAULT_MAX_TRANSACTION_TIMEOUT),
                                Map.of())
                        .deadLetters())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("topic bad", String.valueOf(least - 1), String.valueOf(least), "max.message");
    }

    @ParameterizedTest
    @ValueSource(strings = {"max.request.size", "buffer.memory"})
    void aLimitOfTheProducerBelowTheTopicsHoldsToo(String property) {
        Map<String, String> properties = Map.of(property, "400000");

        assertThat(connections(TopicLimits.defaults(), properties)
                        .answerLimits(AnswerLimits.none())
                        .copiedBytes())
                .isEqualTo((400_000 - 262_144 - 4096) / 2);
        assertThatThrownBy(() -> connections(TopicLimits.defaults(), Map.of(property, "5000"))
                        .deadLetters())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("5000", "kafka." + property);
        assertThatThrownBy(() -> connections(TopicLimits.defaults(), Map.of(property, "much")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContainingAll(property, "much");
    }

    private static KafkaConnections connections(TopicLimits limits, Map<String, String> properties) {
        return new KafkaConnections(
                new KafkaSettings(
                        "job",
                        "localhost:1",
                        "group",
                        "in",
                        "out",
                        "bad",
                        SourceStart.COMMITTED,
                        true,
                        9,
                        LostTransactions.FAIL,
                        properties),
                limits);
    }
}
