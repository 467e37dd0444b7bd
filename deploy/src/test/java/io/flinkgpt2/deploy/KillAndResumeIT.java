package io.flinkgpt2.deploy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code deploy/test/kill-and-resume} does, with fewer prompts. */
class KillAndResumeIT {

    @TempDir
    private Path directory;

    @Test
    @Tag("full")
    void everyPromptIsAnsweredOnceAndAsEverWhateverIsKilled() {
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        int exitCode =
                Script.run(new KillAndResume(new PrintStream(output, true, UTF_8), directory), "--prompts", "600");

        assertThat(exitCode).as(output.toString(UTF_8)).isZero();
        assertThat(output.toString(UTF_8).lines())
                .contains("sent=600 answered=600 duplicates=0 differing=0")
                .filteredOn(line -> line.matches(".*killed the TaskManager .* with \\d+ part-generated.*"))
                .hasSize(3);
    }
}
