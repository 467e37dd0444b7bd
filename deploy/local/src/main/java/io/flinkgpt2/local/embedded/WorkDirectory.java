package io.flinkgpt2.local.embedded;

import io.flinkgpt2.local.server.Deletion;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * The directory an embedded server writes to: one the caller named and keeps, or a temporary one that goes when it is closed.
 */
final class WorkDirectory implements Closeable {

    private static final String LOCK_FILE = ".flink-gpt2.lock";

    private final Path path;
    private final boolean temporary;
    private final FileChannel lock;

    private WorkDirectory(Path path, boolean temporary) throws IOException {
        this.path = path;
        this.temporary = temporary;
        this.lock = lock(path);
    }

    /**
     * Opens the named directory, creating it where it is missing, or else a new temporary one. Until it is closed no other
     * server can open it, in this process or another.
     *
     * @param named the directory to use and keep; empty for a temporary one
     * @param prefix the beginning of a temporary directory's name
     * @throws IOException when the directory cannot be created, or is open already; the message names it
     */
    static WorkDirectory open(Optional<Path> named, String prefix) throws IOException {
        if (named.isEmpty()) {
            return new WorkDirectory(Files.createTempDirectory(prefix), true);
        }
        Path path = named.get().toAbsolutePath().normalize();
        try {
            Files.createDirectories(path);
        } catch (IOException e) {
            throw new IOException(
                    "Cannot create the directory " + path + ": " + e + ". Name one that this user may write to.", e);
        }
        return new WorkDirectory(path, false);
    }

    private static FileChannel lock(Path directory) throws IOException {
        FileChannel channel;
        try {
            channel =
                    FileChannel.open(directory.resolve(LOCK_FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new IOException(
                    "Cannot write to the directory " + directory + ": " + e + ". Name one that this user may write to.",
                    e);
        }
        Throwable holder = null;
        try {
            if (channel.tryLock() != null) {
                return channel;
            }
        } catch (OverlappingFileLockException e) {
            holder = e;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
        channel.close();
        throw new IOException(
                "The directory " + directory
                        + " is in use by another embedded server. Stop that one, or name another directory.",
                holder);
    }

    Path path() {
        return path;
    }

    /** Unlocks the directory and, if it is temporary, deletes it with all that is in it. Does nothing the second time. */
    @Override
    public void close() throws IOException {
        lock.close();
        if (temporary) {
            Deletion.of(path);
        }
    }
}
