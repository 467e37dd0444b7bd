package io.flinkgpt2.cli.complete;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.cli.CommandRun;
import org.junit.jupiter.api.Test;

/** {@code complete --threads}: other speed, same answers. */
class CompleteThreadsTest {

    private static final String MODEL = "../models/fairytales";

    @Test
    void rule4_4_anyNumberOfThreadsGivesTheSameAnswer() {
        String one = complete("1");

        assertThat(one).isNotBlank();
        assertThat(complete("2")).isEqualTo(one);
        assertThat(complete("3")).isEqualTo(one);
    }

    private static String complete(String threads) {
        CommandRun run = CommandRun.of(
                "complete", "--model", MODEL, "--prompt", "The old miller", "--max-tokens", "24", "--threads", threads);

        assertThat(run.exitCode()).as(run.err()).isZero();
        return run.out();
    }

    @Test
    void fewerThanOneThreadIsRefused() {
        CommandRun run = CommandRun.of("complete", "--model", MODEL, "--prompt", "x", "--threads", "0");

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("--threads: found 0, expected 1 or more");
    }
}
