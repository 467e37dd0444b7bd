package io.flinkgpt2.cli.common;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files that a command writes. */
public final class OutputFiles {

    private OutputFiles() {}

    /** Something that writes a file's content. */
    @FunctionalInterface
    public interface Content {
        void writeTo(OutputStream out) throws IOException;
    }

    /**
     * Writes a file, over what is there.
     *
     * @throws IOException if it cannot be written whole; names it, which the system's own error does not
     */
    public static void write(Path file, Content content) throws IOException {
        try (OutputStream out = Files.newOutputStream(file)) {
            content.writeTo(out);
        } catch (FileSystemException e) {
            throw e;
        } catch (IOException e) {
            throw new IOException(
                    file + ": cannot be written (" + e.getMessage()
                            + "), so it is not complete; free space or name another place",
                    e);
        }
    }
}
