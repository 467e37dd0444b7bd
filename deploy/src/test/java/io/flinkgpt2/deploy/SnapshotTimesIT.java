package io.flinkgpt2.deploy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs {@code deploy/test/snapshot-times} on the bundled model; the times it prints are not judged here. */
class SnapshotTimesIT {

    @TempDir
    private Path directory;

    @Test
    @Tag("full")
    void aFullBatchGoesOnFromEachKindOfSnapshot() {
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        Script.run(
                new SnapshotTimes(new PrintStream(output, true, UTF_8), directory),
                "--model",
                Command.bundledModel().toString(),
                "--max-tokens",
                "230");

        assertThat(output.toString(UTF_8).lines())
                .filteredOn(line -> line.contains("unfinished sequences"))
                .hasSize(3)
                .allMatch(line -> line.endsWith("| 32 | 32 | met |"));
    }
}
