package io.flinkgpt2.local.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RetainedCheckpointsTest {

    private static final String JOB = "0123456789abcdef0123456789abcdef";

    @TempDir
    private Path directory;

    @Test
    void theNewestIsTheOneWithTheHighestNumberThatHasItsMetadata() throws IOException {
        complete("chk-9");
        complete("chk-10");
        complete("chk-old");
        Files.createDirectories(directory.resolve(JOB).resolve("chk-11"));
        Files.createDirectories(directory.resolve(JOB).resolve("shared"));

        assertThat(new RetainedCheckpoints(directory).newest(JOB))
                .contains(directory.resolve(JOB).resolve("chk-10"));
    }

    @Test
    void oneThatIsNotCompleteIsNone() throws IOException {
        Path checkpoint = Files.createDirectories(directory.resolve(JOB).resolve("chk-1"));
        Files.createFile(checkpoint.resolve("._metadata.inprogress.1"));

        assertThat(new RetainedCheckpoints(directory).newest(JOB)).isEmpty();
    }

    @Test
    void aJobThatNeverHadOneHasNone() throws IOException {
        assertThat(new RetainedCheckpoints(directory).newest(JOB)).isEmpty();
        assertThat(new RetainedCheckpoints(directory.resolve("missing")).newest(JOB))
                .isEmpty();
    }

    private void complete(String name) throws IOException {
        Path checkpoint = Files.createDirectories(directory.resolve(JOB).resolve(name));
        Files.createFile(checkpoint.resolve("_metadata"));
    }
}
