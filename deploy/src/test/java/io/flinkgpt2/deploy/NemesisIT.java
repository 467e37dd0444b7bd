package io.flinkgpt2.deploy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The faults of {@code deploy/test/nemesis}, each once, and the mistake that it must find. Needs root, for it mounts a disk. */
@Tag("full")
class NemesisIT {

    @TempDir
    private Path directory;

    private final ByteArrayOutputStream output = new ByteArrayOutputStream();

    @Test
    void eachFaultMeetsWorkAndLosesAndRepeatsNothing() {
        int exitCode = run("--seed", "1", "--each");

        String text = output.toString(UTF_8);
        assertThat(exitCode).as(text).isZero();
        for (Fault fault : Fault.values()) {
            assertThat(text)
                    .containsPattern(
                            fault + " met [1-9]\\d* prompts, [1-9]\\d* generations, [1-9]\\d* open transactions");
        }
        assertThat(text.lines().reduce("", (first, last) -> last))
                .matches("sent=(\\d+) answered=\\1 duplicates=0 differing=0");
    }

    @Test
    void aCommitterThatDropsOneCommitIsFound() {
        int exitCode = run("--seed", "2", "--planted");

        String text = output.toString(UTF_8);
        assertThat(exitCode).as(text).isOne();
        assertThat(text).contains("broken by --seed 2");
        String[] counts = text.lines().reduce("", (first, last) -> last).split("\\D+", -1);
        assertThat(Integer.parseInt(counts[2])).as(text).isLessThan(Integer.parseInt(counts[1]));
    }

    private int run(String... arguments) {
        return Script.run(new Nemesis(new PrintStream(output, true, UTF_8), directory), arguments);
    }
}
