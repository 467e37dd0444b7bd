package io.flinkgpt2.local.cluster;

import io.flinkgpt2.local.server.Deletion;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;

/** The directory of a cluster: its state file, configuration, logs, and what broker and Flink keep. */
final class ClusterDirectory {

    private static final String STATE = "cluster.json";
    private static final String LOCK = ".flink-gpt2.lock";

    private final Path path;

    ClusterDirectory(Path path) {
        this.path = path.toAbsolutePath().normalize();
    }

    Path path() {
        return path;
    }

    Path configuration() {
        return path.resolve("conf");
    }

    /** Returns the jar with the guard of the web port. */
    Path webGate() {
        return configuration().resolve("web-gate.jar");
    }

    Path logs() {
        return path.resolve("log");
    }

    /** Returns the process's own log. */
    Path logFile(Role role) {
        return logs().resolve(role.fileName() + ".log");
    }

    /** Standard output and standard error of the process. */
    Path outFile(Role role) {
        return logs().resolve(role.fileName() + ".out");
    }

    Path topics() {
        return path.resolve("topics");
    }

    Path checkpoints() {
        return path.resolve("checkpoints");
    }

    Path savepoints() {
        return path.resolve("savepoints");
    }

    Path temporary() {
        return path.resolve("tmp");
    }

    /** Returns the command line of a process; its name in a list of processes marks one of this cluster. */
    Path argumentFile(Role role) {
        return configuration().resolve(role.fileName() + ".args");
    }

    private List<Path> folders() {
        return List.of(configuration(), logs(), topics(), checkpoints(), savepoints(), temporary());
    }

    /**
     * Creates what is missing, for this user alone.
     *
     * @throws IOException if that is not possible, or the directory is another user's, whose command lines are not to be run
     */
    void create() throws IOException {
        try {
            if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
                if (path.getParent() != null) {
                    Files.createDirectories(path.getParent());
                }
                Files.createDirectory(
                        path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
            for (Path folder : folders()) {
                Files.createDirectories(folder);
            }
        } catch (IOException e) {
            throw new IOException(
                    "Cannot write to the directory " + path + ": " + e + ". Name one that this user may write to.", e);
        }
        Path probe = Files.createTempFile(path, ".owner", "");
        try {
            if (!Files.getOwner(probe).equals(Files.getOwner(path))) {
                throw new IOException("The directory " + path + " belongs to " + Files.getOwner(path)
                        + ", expected this user, " + Files.getOwner(probe) + ". Name another directory.");
            }
        } finally {
            Files.delete(probe);
        }
    }

    /** Work done while no other command may change the directory. */
    @FunctionalInterface
    interface Work<T> {
        T run() throws IOException, InterruptedException;
    }

    /**
     * Does something while other commands are kept away.
     *
     * @throws IOException if another command is at work here, or there is no such directory
     */
    <T> T locked(Work<T> work) throws IOException, InterruptedException {
        try (FileChannel channel =
                FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            if (channel.tryLock() == null) {
                throw inUse(null);
            }
            return work.run();
        } catch (OverlappingFileLockException e) {
            throw inUse(e);
        }
    }

    private IOException inUse(Throwable cause) {
        return new IOException(
                "Another command is at work on the cluster in " + path + ". Wait until it has ended.", cause);
    }

    /**
     * Returns the state that was written last; empty if there is no cluster here.
     *
     * @throws IOException if the file holds something else
     */
    Optional<ClusterState> readState() throws IOException {
        Path file = path.resolve(STATE);
        String text;
        try {
            text = Files.readString(file);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        try {
            return Optional.of(ClusterState.parse(text));
        } catch (IOException e) {
            throw new IOException(
                    file + " is not a valid state of a cluster: " + e.getMessage()
                            + ". Run 'flink-gpt2 cluster stop' to end its processes and remove the file.",
                    e);
        }
    }

    /** Replaces the state in one step, so that whoever reads finds the old one or the new one. */
    void writeState(ClusterState state) throws IOException {
        Path written = Files.writeString(path.resolve(STATE + ".new"), state.toJson());
        Files.move(written, path.resolve(STATE), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Removes all that a cluster puts here, and the directory too unless the user has put something into it. */
    void delete() throws IOException {
        for (Path folder : folders()) {
            if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
                Deletion.of(folder);
            }
        }
        for (String file : List.of(STATE, STATE + ".new", LOCK)) {
            Files.deleteIfExists(path.resolve(file));
        }
        try {
            Files.deleteIfExists(path);
        } catch (DirectoryNotEmptyException e) {
            // The user's own files are not ours to remove.
            return;
        }
    }
}
