package io.flinkgpt2.deploy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** A file system of a few megabytes in memory, which can be filled and made read-only. Closing it unmounts it. */
final class SmallDisk implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int BLOCK = 4096;

    private final Path path;

    private SmallDisk(Path path) {
        this.path = path;
    }

    /** Mounts one in a directory that is created; empty where that is not permitted, as for any user but root. */
    static Optional<SmallDisk> mount(Path path) throws IOException, InterruptedException {
        Files.createDirectories(path);
        Run run = Command.of(
                        "mount", "-t", "tmpfs", "-o", "size=24m,mode=0755", "flink-gpt2-small-disk", path.toString())
                .run();
        return run.exitCode() == 0 ? Optional.of(new SmallDisk(path)) : Optional.empty();
    }

    Path path() {
        return path;
    }

    /** Writes until there is no room left. */
    void fill() throws IOException {
        try (OutputStream out = Files.newOutputStream(path.resolve("filler"))) {
            byte[] block = new byte[BLOCK];
            while (true) {
                out.write(block);
            }
        } catch (IOException e) {
            if (!String.valueOf(e.getMessage()).contains("No space left")) {
                throw e;
            }
        }
    }

    /** Makes the room free again. */
    void free() throws IOException {
        Files.delete(path.resolve("filler"));
    }

    /** Mounts it again so that nothing can be written, or as before. Waits until no file is open for writing. */
    void readOnly(boolean readOnly) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        Run run;
        do {
            run = Command.of("mount", "-o", "remount," + (readOnly ? "ro" : "rw"), path.toString())
                    .run();
            if (run.exitCode() == 0) {
                return;
            }
        } while (System.nanoTime() - deadline < 0);
        throw new IOException("cannot remount " + path + ": " + run.err());
    }

    @Override
    public void close() throws IOException {
        try {
            Run run = Command.of("umount", path.toString()).run();
            if (run.exitCode() != 0) {
                throw new IOException("cannot unmount " + path + ": " + run.err());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while " + path + " was unmounted", e);
        }
    }
}
