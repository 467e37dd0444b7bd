package io.flinkgpt2.cli.common;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Help.Ansi;

class StepsTest {

    private final StringWriter plain = new StringWriter();
    private final ByteArrayOutputStream shown = new ByteArrayOutputStream();

    private Steps plain() {
        return new Steps(new PrintWriter(plain), null, true, Ansi.ON);
    }

    private Steps terminal(boolean unicode, Ansi ansi) {
        return new Steps(new PrintWriter(plain), new PrintStream(shown, true, UTF_8), unicode, ansi);
    }

    @Test
    void withoutATerminalAStepIsTwoPlainLines() throws Exception {
        int port = plain().run("Starting Kafka", started -> "Kafka at localhost:" + started, () -> 9092);

        assertThat(port).isEqualTo(9092);
        assertThat(plain.toString().lines().toList()).hasSize(2);
        assertThat(plain.toString())
                .matches("Starting Kafka\\.\\.\\.\n\\[ok] Kafka at localhost:9092 \\(\\d+\\.\\d s\\)\n");
    }

    @Test
    void onATerminalAStepIsALineThatGetsATick() throws Exception {
        terminal(true, Ansi.OFF).run("Starting Kafka", started -> "Kafka at " + started, () -> "localhost:1");

        assertThat(plain.toString()).isEmpty();
        assertThat(shown.toString(UTF_8))
                .matches("  Starting Kafka\\.\\.\\.\r\u001b\\[K✓ Kafka at localhost:1 \\(\\d+\\.\\d s\\)\n");
    }

    @Test
    void aTerminalThatShowsOnlyAsciiGetsAWord() throws Exception {
        terminal(false, Ansi.OFF).run("Starting", done -> "Started", () -> 1);

        assertThat(shown.toString(UTF_8)).contains("[ok] Started").doesNotContain("✓");
    }

    @Test
    void theTickIsGreenWhereThereAreColours() throws Exception {
        terminal(true, Ansi.ON).run("Starting", done -> "Started", () -> 1);

        assertThat(shown.toString(UTF_8)).contains("\u001b[32m✓");
    }

    @Test
    void aStepThatFailsIsMarkedAndItsFailurePasses() {
        IOException failure = new IOException("in use");
        assertThatThrownBy(() -> plain().run("Starting Kafka", done -> "Kafka", () -> {
                    throw failure;
                }))
                .isSameAs(failure);

        assertThat(plain.toString()).contains("[failed] Starting Kafka (").doesNotContain("[ok]");
    }

    @Test
    void namesFromElsewhereDoNotSteerTheTerminal() throws Exception {
        terminal(true, Ansi.OFF).run("Starting \u001b[2J", done -> "Model \u0007", () -> 1);

        assertThat(shown.toString(UTF_8)).doesNotContain("\u001b[2J", "\u0007").contains("Starting ?[2J", "Model ?");
    }
}
