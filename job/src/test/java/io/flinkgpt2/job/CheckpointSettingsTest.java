package io.flinkgpt2.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.streaming.api.environment.CheckpointConfig;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;

/** Flink's own checkpoint settings, which stay as they are where the job has no option that says otherwise. */
class CheckpointSettingsTest {

    @Test
    void withoutASettingTheJobsDefaultsHold() {
        CheckpointConfig config = configured(Map.of());

        assertThat(config.getCheckpointInterval()).isEqualTo(10_000);
        assertThat(config.getCheckpointingConsistencyMode()).isEqualTo(CheckpointingMode.EXACTLY_ONCE);
        assertThat(config.getExternalizedCheckpointRetention())
                .isEqualTo(ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
    }

    @Test
    void flinksSettingsStay() {
        Map<String, String> flink = Map.of(
                "execution.checkpointing.interval", "45 s",
                "execution.checkpointing.externalized-checkpoint-retention", "DELETE_ON_CANCELLATION",
                "execution.checkpointing.timeout", "3 min",
                "execution.checkpointing.min-pause", "5 s",
                "execution.checkpointing.unaligned.enabled", "true",
                "execution.checkpointing.tolerable-failed-checkpoints", "2");
        CheckpointConfig config = configured(flink);

        assertThat(config.getCheckpointInterval()).isEqualTo(45_000);
        assertThat(config.getExternalizedCheckpointRetention())
                .isEqualTo(ExternalizedCheckpointRetention.DELETE_ON_CANCELLATION);
        assertThat(config.getCheckpointTimeout()).isEqualTo(180_000);
        assertThat(config.getMinPauseBetweenCheckpoints()).isEqualTo(5_000);
        assertThat(config.isUnalignedCheckpointsEnabled()).isTrue();
        assertThat(config.getTolerableCheckpointFailureNumber()).isEqualTo(2);
    }

    @Test
    void theJobsOptionGoesBeforeFlinks() {
        assertThat(configured(Map.of("execution.checkpointing.interval", "45 s"), "--checkpoint.interval=7 s")
                        .getCheckpointInterval())
                .isEqualTo(7_000);
        assertThat(configured(Map.of("execution.checkpointing.interval", "45 s"), "--checkpoint.interval=10 s")
                        .getCheckpointInterval())
                .isEqualTo(10_000);
    }

    @Test
    void atLeastOnceIsRefused() {
        assertThatThrownBy(() -> configured(Map.of("execution.checkpointing.mode", "AT_LEAST_ONCE")))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll("execution.checkpointing.mode", "AT_LEAST_ONCE", "EXACTLY_ONCE");
    }

    private static CheckpointConfig configured(Map<String, String> flink, String... options) {
        StreamExecutionEnvironment environment =
                StreamExecutionEnvironment.getExecutionEnvironment(Configuration.fromMap(new HashMap<>(flink)));
        String[] all = Stream.concat(
                        List.of("--model=/models/gpt2", "--kafka.bootstrap.servers=broker:9092").stream(),
                        Stream.of(options))
                .toArray(String[]::new);
        CompletionJob.configure(environment, JobSettings.from(JobArguments.parse(List.of(all))));
        return environment.getCheckpointConfig();
    }
}
