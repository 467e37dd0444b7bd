package io.flinkgpt2.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProgressTest {

    private final StringWriter written = new StringWriter();

    @Test
    void withoutATerminalEachStepIsAPlainLine() {
        try (Progress progress = Progress.start(new PrintWriter(written), 10)) {
            progress.update(0, 0);
            progress.update(4, 123.4);
            progress.update(4, 130);
            progress.update(10, 1e6);
            progress.update(10, 1e6);
        }
        List<String> lines = written.toString().lines().toList();
        assertThat(lines).hasSize(2);
        assertThat(lines.get(0)).matches("prompts 4/10, 123 tokens/s, ETA \\d+ s");
        assertThat(lines.get(1)).isEqualTo("prompts 10/10, 1000000 tokens/s, ETA 0 s");
    }

    @Test
    void whatIsAnsweredTwiceDoesNotStopIt() {
        try (Progress progress = Progress.start(new PrintWriter(written), 1)) {
            progress.update(2, 1);
        }
        assertThat(written.toString()).startsWith("prompts 2/1, ");
    }

    @Test
    void nothingToDoShowsNothing() {
        try (Progress progress = Progress.start(new PrintWriter(written), 0)) {
            progress.update(0, 0);
        }
        assertThat(written.toString()).isEmpty();
    }
}
