package io.flinkgpt2.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Options of the job that {@code submit} takes from the environment. */
class SubmitEnvironmentIT {

    @Test
    void aVariableIsAnOption() throws Exception {
        Run run = Command.launcher("submit", "--flink", "localhost:1", "--model", "gpt2")
                .environment("FLINK_GPT2_BATCH_SIZE", "many")
                .environment("FLINK_GPT2_KAFKA_BOOTSTRAP_SERVERS", "localhost:1")
                .run();

        assertThat(run.exitCode()).isNotZero();
        assertThat(run.err()).contains("batch.size: found 'many', expected a whole number");
    }
}
