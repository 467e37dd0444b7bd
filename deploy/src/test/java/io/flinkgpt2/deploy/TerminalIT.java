package io.flinkgpt2.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The command line on a terminal, which {@code script} of util-linux makes: colours and ticks, and where there are none. */
@Tag("full")
class TerminalIT {

    private static final String ESCAPE = "\u001b[";

    private static Command onATerminal(String arguments) {
        return Command.of("script", "-qec", Command.launcherPath() + " " + arguments, "/dev/null")
                .environment("TERM", "xterm")
                .environment("LANG", "C.UTF-8");
    }

    private static String succeed(Command command) throws IOException, InterruptedException {
        Run run = command.run();
        assertThat(run.exitCode()).as(run.out() + run.err()).isZero();
        return run.out();
    }

    @Test
    void helpHasColoursOnATerminalOnly() throws Exception {
        assertThat(succeed(onATerminal("complete --help"))).contains(ESCAPE);
        assertThat(succeed(onATerminal("complete --help").environment("NO_COLOR", "1")))
                .contains("--model")
                .doesNotContain(ESCAPE);
        assertThat(succeed(Command.launcher("complete", "--help")))
                .contains("--model")
                .doesNotContain(ESCAPE);
    }

    @Test
    void theDemoTicksItsStepsOff() throws Exception {
        String shown = succeed(onATerminal("demo --parallelism 1"));

        assertThat(shown)
                .containsSubsequence("Starting Kafka...", "✓", "Kafka at localhost:", "Starting Flink...", "✓")
                .containsSubsequence("Sending 66 prompts...", "✓", "66 prompts sent", "Submitting the job...", "✓");
    }

    @Test
    void aTerminalThatShowsOnlyAsciiGetsNoTicks() throws Exception {
        String shown = succeed(onATerminal("demo --parallelism 1").environment("LANG", "C"));

        assertThat(shown).contains("[ok]").doesNotContain("✓");
    }
}
