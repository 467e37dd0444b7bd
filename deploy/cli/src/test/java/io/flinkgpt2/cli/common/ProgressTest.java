package io.flinkgpt2.cli.common;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProgressTest {

    private final StringWriter written = new StringWriter();

    @Test
    void withoutATerminalEachStepIsAPlainLine() {
        try (Progress progress = new Progress(new PrintWriter(written))) {
            progress.prompts(0, 10, 0);
            progress.prompts(4, 10, 123.4);
            progress.prompts(4, 10, 130);
            progress.prompts(10, 10, 1e6);
            progress.prompts(10, 10, 1e6);
        }
        List<String> lines = written.toString().lines().toList();
        assertThat(lines).hasSize(2);
        assertThat(lines.get(0)).matches("prompts 4/10, 123 tokens/s, ETA \\d+ s");
        assertThat(lines.get(1)).isEqualTo("prompts 10/10, 1000000 tokens/s, ETA 0 s");
    }

    @Test
    void whatIsAnsweredTwiceDoesNotStopIt() {
        try (Progress progress = new Progress(new PrintWriter(written))) {
            progress.prompts(2, 1, 1);
        }
        assertThat(written.toString()).startsWith("prompts 2/1, ");
    }

    @Test
    void nothingToDoShowsNothing() {
        try (Progress progress = new Progress(new PrintWriter(written))) {
            progress.prompts(0, 0, 0);
        }
        assertThat(written.toString()).isEmpty();
    }

    @Test
    void aTextIsALineForEachTenth() {
        try (Progress progress = new Progress(new PrintWriter(written))) {
            for (int done = 0; done <= 30; done++) {
                progress.perplexity(done, 30);
            }
        }
        List<String> lines = written.toString().lines().toList();
        assertThat(lines).hasSize(10).startsWith("perplexity: 3 of 30 tokens").endsWith("perplexity: 30 of 30 tokens");
    }

    @Test
    void aFetchIsALineForEachFileAndForEachTenth() {
        try (Progress progress = new Progress(new PrintWriter(written))) {
            progress.fetch("a\n", 0, 2_000_000);
            progress.fetch("a\n", 1, 2_000_000);
            progress.fetch("b", 1, 2_000_000);
            progress.fetch("b", 1_900_000, 2_000_000);
            progress.fetch("b", 0, 2_000_000);
        }
        assertThat(written.toString().lines())
                .containsExactly(
                        "fetching a?: 0.0 of 2.0 MB",
                        "fetching b: 0.0 of 2.0 MB",
                        "fetching b: 1.9 of 2.0 MB",
                        "fetching b: 0.0 of 2.0 MB");
    }
}
