package io.flinkgpt2.cli.common;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputFilesTest {

    @TempDir
    private Path directory;

    @Test
    void aFullDiskIsToldWithTheFile() {
        assertThatThrownBy(() -> OutputFiles.write(Path.of("/dev/full"), out -> out.write('x')))
                .isInstanceOf(IOException.class)
                .hasMessage("/dev/full: cannot be written (No space left on device), so it is not complete;"
                        + " free space or name another place");
    }

    @Test
    void aMissingDirectoryStaysWhatItIs() {
        assertThatThrownBy(() -> OutputFiles.write(directory.resolve("none/file"), out -> out.write('x')))
                .isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void theContentIsWrittenOverWhatIsThere() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "longer than before");

        OutputFiles.write(file, out -> out.write('x'));

        assertThat(file).hasContent("x");
    }
}
