package io.flinkgpt2.local.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkDirectoryTest {

    @Test
    void aTemporaryDirectoryGoesWithAllThatIsInIt() throws IOException {
        WorkDirectory directory = WorkDirectory.open(Optional.empty(), "work-directory-test-");
        Files.createDirectories(directory.path().resolve("a/b"));
        Files.writeString(directory.path().resolve("a/b/file"), "x");

        directory.close();

        assertThat(directory.path()).doesNotExist();
    }

    @Test
    void closingTwiceIsNoError() throws IOException {
        WorkDirectory directory = WorkDirectory.open(Optional.empty(), "work-directory-test-");
        directory.close();
        directory.close();

        assertThat(directory.path()).doesNotExist();
    }

    @Test
    void aLinkInATemporaryDirectoryGoesAndItsTargetStays(@TempDir Path parent) throws IOException {
        Path target = Files.writeString(parent.resolve("kept"), "x");
        WorkDirectory directory = WorkDirectory.open(Optional.empty(), "work-directory-test-");
        Files.createSymbolicLink(directory.path().resolve("file-link"), target);
        Files.createSymbolicLink(directory.path().resolve("directory-link"), parent);

        directory.close();

        assertThat(directory.path()).doesNotExist();
        assertThat(target).hasContent("x");
    }

    @Test
    void aNamedDirectoryIsCreatedAndStays(@TempDir Path parent) throws IOException {
        Path named = parent.resolve("deep/inside");

        try (WorkDirectory directory = WorkDirectory.open(Optional.of(named), "unused-")) {
            assertThat(directory.path()).isEqualTo(named).isDirectory();
        }

        assertThat(named).isDirectory();
    }

    @Test
    void aNamedDirectoryThatIsAFileIsRefusedByName(@TempDir Path parent) throws IOException {
        Path file = Files.writeString(parent.resolve("file"), "x");

        assertThatThrownBy(() -> WorkDirectory.open(Optional.of(file), "unused-"))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll("Cannot create the directory", file.toString(), "write")
                .hasCauseInstanceOf(IOException.class);
    }

    @Test
    void aDirectoryThatIsOpenIsRefusedUntilItIsClosed(@TempDir Path parent) throws IOException {
        WorkDirectory directory = WorkDirectory.open(Optional.of(parent), "unused-");

        assertThatThrownBy(() -> WorkDirectory.open(Optional.of(parent), "unused-"))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll(parent.toString(), "in use", "another directory");
        directory.close();

        WorkDirectory again = WorkDirectory.open(Optional.of(parent), "unused-");
        assertThat(again.path()).isEqualTo(parent);
        again.close();
    }
}
