package io.flinkgpt2.deploy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs {@code deploy/test/skewed-partitions}; the times it prints are not judged here. */
class SkewedPartitionsIT {

    @TempDir
    private Path directory;

    @Test
    @Tag("full")
    void everyPartitionIsAnsweredAndTheLargestIsDoneLast() {
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        Script.run(
                new SkewedPartitions(new PrintStream(output, true, UTF_8), directory),
                "--sizes",
                "240,60,30,24,20,16,12,8");

        assertThat(output.toString(UTF_8).lines())
                .filteredOn(line -> line.contains(": answers") || line.contains(": generated tokens"))
                .hasSize(16)
                .allMatch(line -> line.endsWith("| met |"));
        assertThat(output.toString(UTF_8)).contains("| partition that is done last | 0 | 0 | met |");
    }
}
