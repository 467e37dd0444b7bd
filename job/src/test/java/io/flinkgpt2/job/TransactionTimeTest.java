package io.flinkgpt2.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TransactionTimeTest {

    private static final Duration BROKERS_MOST = Duration.ofMinutes(15);

    /** 900 s less 50 s heartbeat, 60 s restart delay and 120 s model load, for two checkpoints in succession. */
    @Test
    void theCheckpointTimeoutIsTheLongestThatFits() {
        assertThat(time(Map.of()).checkpointTimeout(BROKERS_MOST)).isEqualTo(Duration.ofSeconds(335));
        assertThat(time(Map.of()).checkpointTimeout(Duration.ofHours(1)))
                .as("Flink's default at most")
                .isEqualTo(Duration.ofMinutes(10));
        assertThat(time(Map.of(), "--checkpoint.interval=9 min").checkpointTimeout(BROKERS_MOST))
                .isEqualTo(Duration.ofSeconds(130));
        assertThat(time(Map.of("execution.checkpointing.min-pause", "30 s")).checkpointTimeout(BROKERS_MOST))
                .isEqualTo(Duration.ofSeconds(320));
        assertThat(time(Map.of("execution.checkpointing.timeout", "90 s")).checkpointTimeout(BROKERS_MOST))
                .as("as given")
                .isEqualTo(Duration.ofSeconds(90));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "610 s | 1 | execution.checkpointing.timeout=1 min",
                "550 s | 1 | execution.checkpointing.timeout=2 min",
                "305 s | 2 | execution.checkpointing.timeout=1 min, execution.checkpointing.tolerable-failed-checkpoints=1",
                "640 s | 1 | execution.checkpointing.timeout=1 min, heartbeat.timeout=20 s",
                "670 s | 1 | execution.checkpointing.timeout=1 min, restart-strategy.type=none",
                "665 s | 1 | execution.checkpointing.timeout=1 min, restart-strategy.type=fixed-delay, restart-strategy.fixed-delay.delay=5 s",
                "660 s | 1 | execution.checkpointing.timeout=1 min, restart-strategy.type=failure-rate, restart-strategy.failure-rate.delay=10 s",
                "370 s | 1 | execution.checkpointing.timeout=1 min, restart-strategy.type=exponential-delay, restart-strategy.exponential-delay.max-backoff=5 min"
            })
    void theLongestIntervalFollowsFromTheSettings(String longest, int rounds, String settings) {
        Configuration flink = new Configuration();
        Arrays.stream(settings.split(", "))
                .map(each -> each.split("="))
                .forEach(each -> flink.setString(each[0], each[1]));
        Duration timeout = Duration.ofSeconds(900);

        TransactionTime fits = time(flink.toMap(), "--checkpoint.interval=" + longest);
        assertThat(fits.checkpointTimeout(timeout)).isGreaterThanOrEqualTo(Duration.ofMinutes(1));
        assertThat(fits.needed(fits.interval(), fits.givenCheckpointTimeout().orElseThrow()))
                .isEqualTo(timeout);

        Duration tooLong = fits.interval().plusSeconds(1);
        assertThatThrownBy(() -> time(flink.toMap(), "--checkpoint.interval=" + tooLong.toMillis() + " ms")
                        .checkpointTimeout(timeout))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll(
                        "checkpoint.interval and kafka.transaction.timeout.ms",
                        "checkpoint.interval of at most ",
                        "at least " + (900 + rounds) + "000");
    }

    @Test
    void anIntervalOfTwentyMinutesIsMoreThanTheBrokersDefaultAllows() {
        assertThatThrownBy(() -> time(Map.of(), "--checkpoint.interval=20 min").checkpointTimeout(BROKERS_MOST))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessage(
                        "checkpoint.interval and kafka.transaction.timeout.ms: found 20 min and 15 min (the brokers'"
                                + " transaction.max.timeout.ms), expected checkpoint.interval of at most 610 s, or"
                                + " kafka.transaction.timeout.ms of at least 1490000: a transaction may be open for 1 x the longer"
                                + " of the interval and a checkpoint, the checkpoint that commits it"
                                + " (execution.checkpointing.timeout at least 1 min), heartbeat.timeout 50 s, the longest restart"
                                + " delay 1 min and 2 min to load the model; then Kafka aborts it and its answers are lost");
    }

    @Test
    void aTimeoutThatNoIntervalSuitsIsRefusedWithTheLeast() {
        assertThatThrownBy(() -> time(Map.of(), "--kafka.transaction.timeout.ms=5000", "--checkpoint.interval=45 s")
                        .checkpointTimeout(BROKERS_MOST))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll(
                        "found 45 s and 5 s, expected kafka.transaction.timeout.ms of at least 350000",
                        "execution.checkpointing.timeout",
                        "heartbeat.timeout");
        assertThat(time(Map.of(), "--kafka.transaction.timeout.ms=350000", "--checkpoint.interval=45 s")
                        .checkpointTimeout(BROKERS_MOST))
                .isEqualTo(Duration.ofMinutes(1));
    }

    @Test
    void theBrokersMostIsNotExceeded() {
        assertThatThrownBy(() ->
                        time(Map.of(), "--kafka.transaction.timeout.ms=900001").checkpointTimeout(BROKERS_MOST))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessage("kafka.transaction.timeout.ms: found 900001, expected at most 900000, the brokers'"
                        + " transaction.max.timeout.ms");
    }

    @Test
    void aRecordMayNotHoldUpACheckpointForAllOfItsTime() {
        assertThatThrownBy(() -> time(Map.of("execution.checkpointing.timeout", "2 min"), "--batch.max-hold=2 min")
                        .checkpointTimeout(BROKERS_MOST))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll("batch.max-hold and execution.checkpointing.timeout", "2 min and 2 min");
    }

    private static TransactionTime time(Map<String, String> flink, String... options) {
        List<String> arguments = new ArrayList<>(List.of("--kafka.bootstrap.servers=b:1", "--model=m"));
        arguments.addAll(Arrays.asList(options));
        Configuration configuration = new Configuration();
        flink.forEach(configuration::setString);
        return TransactionTime.of(
                StreamExecutionEnvironment.getExecutionEnvironment(configuration),
                JobSettings.from(JobArguments.parse(arguments)));
    }
}
