package io.flinkgpt2.cli.batch;

import io.flinkgpt2.local.cluster.RetainedCheckpoints;
import io.flinkgpt2.local.server.Deletion;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The directory that a run keeps beside OUT until OUT is whole: {@code .OUT.run}, with a lock, a description of the run, Flink's
 * checkpoints, and the answers so far. One process has it at a time; a process that dies lets go of it.
 */
final class RunDirectory implements AutoCloseable {

    private final Path directory;
    private final FileChannel channel;
    private final FileLock lock;

    private RunDirectory(Path directory, FileChannel channel, FileLock lock) {
        this.directory = directory;
        this.channel = channel;
        this.lock = lock;
    }

    /** Returns the directory of the run whose answers go to a file. */
    static Path of(Path out) {
        Path absolute = out.toAbsolutePath();
        return absolute.resolveSibling("." + absolute.getFileName() + ".run");
    }

    /**
     * Opens the directory, new or as an earlier process left it.
     *
     * @throws IOException if it cannot be made, or another process has it
     */
    static RunDirectory open(Path out) throws IOException {
        Path directory = of(out);
        Files.createDirectories(directory);
        FileChannel channel =
                FileChannel.open(directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                return new RunDirectory(directory, channel, lock);
            }
        } catch (OverlappingFileLockException e) {
            channel.close();
            throw inUse(out, e);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
        channel.close();
        throw inUse(out, null);
    }

    private static IOException inUse(Path out, Throwable cause) {
        return new IOException(
                out + ": found another run that writes to it, expected none; wait for it to end, or name another file",
                cause);
    }

    Path path() {
        return directory;
    }

    /** Returns where the run is described; there once the run has begun. */
    Path description() {
        return directory.resolve("run.json");
    }

    /** Returns where Flink keeps checkpoints and temporary files. */
    Path flink() {
        return directory.resolve("flink");
    }

    /** Returns where the job writes answers and dead letters. */
    Path parts() {
        return directory.resolve("parts");
    }

    /** Returns the copy of standard input, which has the name that ids of its prompts begin with. */
    static Path standardInput(Path directory) {
        return directory.resolve("input").resolve("stdin");
    }

    /** Returns where files are made before they are moved to their place. */
    Path scratch() {
        return directory.resolve("scratch");
    }

    /** Returns the newest checkpoint of all processes that have worked on the run; empty if there is none. */
    Optional<Path> newestCheckpoint() throws IOException {
        Path checkpoints = flink().resolve("checkpoints");
        if (!Files.isDirectory(checkpoints)) {
            return Optional.empty();
        }
        RetainedCheckpoints retained = new RetainedCheckpoints(checkpoints);
        Path newest = null;
        FileTime newestTime = null;
        try (Stream<Path> jobs = Files.list(checkpoints)) {
            for (Path job : (Iterable<Path>) jobs::iterator) {
                Optional<Path> checkpoint = retained.newest(job.getFileName().toString());
                if (checkpoint.isPresent()) {
                    FileTime time = Files.getLastModifiedTime(checkpoint.get().resolve("_metadata"));
                    if (newestTime == null || time.compareTo(newestTime) > 0) {
                        newest = checkpoint.get();
                        newestTime = time;
                    }
                }
            }
        }
        return Optional.ofNullable(newest);
    }

    /** Deletes all but the lock. */
    void clear() throws IOException {
        List<Path> entries;
        try (Stream<Path> list = Files.list(directory)) {
            entries = list.filter(entry -> !entry.getFileName().toString().equals("lock"))
                    .toList();
        }
        for (Path entry : entries) {
            if (Files.isDirectory(entry)) {
                Deletion.of(entry);
            } else {
                Files.deleteIfExists(entry);
            }
        }
    }

    /** Forgets the run, which is over. */
    void forget() throws IOException {
        Files.deleteIfExists(description());
    }

    /** Lets go of the directory, which stays if there is a run to go on with. */
    @Override
    public void close() throws IOException {
        if (!lock.isValid()) {
            return;
        }
        try (channel) {
            if (!Files.exists(description())) {
                Deletion.of(directory);
            }
        }
    }
}
