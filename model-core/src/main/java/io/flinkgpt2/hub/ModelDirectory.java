package io.flinkgpt2.hub;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.flinkgpt2.hub.CachedModel.CachedFile;
import io.flinkgpt2.json.JsonFault;
import java.io.CharConversionException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directory of one model in the cache, {@code models/OWNER/NAME@REVISION}, or {@code models/OWNER/NAME@REVISION@GGUF}
 * where one of several GGUF files was chosen, with slashes of the revision as {@code %2F}: the model's files, {@code
 * manifest.json} when all are there, and {@code .lock} for whoever fetches. A file under its own name is whole; pieces end in
 * {@code .part}.
 */
final class ModelDirectory {

    private static final Logger LOG = LoggerFactory.getLogger(ModelDirectory.class);

    static final String PART_SUFFIX = ".part";
    private static final String LOCK = ".lock";
    private static final String LOCK_PROPERTY = "flink-gpt2.fetching.";
    private static final long LOCK_POLL_MS = 100;

    private final HubName name;
    private final Path path;

    ModelDirectory(Path home, HubName name) {
        this.name = name;
        String[] repository = name.repository().split("/", -1);
        this.path = home.resolve("models")
                .resolve(repository[0])
                .resolve(repository[1] + "@" + name.revision().replace("/", "%2F")
                        + name.gguf().map(file -> "@" + file).orElse(""));
    }

    Path path() {
        return path;
    }

    Path file(String file) {
        return path.resolve(file);
    }

    /** Returns the complete directory of a model's commit: its own, or that of a branch or tag that stood for it; or null. */
    static ModelDirectory ofCommit(Path home, HubName name) throws IOException {
        ModelDirectory own = new ModelDirectory(home, name);
        for (CachedModel model : all(home)) {
            if (model.complete() && model.name().repository().equals(name.repository())) {
                ModelDirectory directory = new ModelDirectory(home, model.name());
                if (directory.path.equals(own.path) || name.revision().equals(directory.commit())) {
                    return directory;
                }
            }
        }
        return null;
    }

    /** Returns the commit that the files of a complete model are of, or null if it is not known. */
    String commit() throws IOException {
        return name.isCommit()
                ? name.revision()
                : Manifest.fromJson(Files.readAllBytes(file(Manifest.FILE))).commit();
    }

    /** Returns the models of a cache that have a file at least, in the order of their names; others come and go meanwhile. */
    static List<CachedModel> all(Path home) throws IOException {
        List<CachedModel> models = new ArrayList<>();
        for (Path owner : children(home.resolve("models"))) {
            for (Path directory : children(owner)) {
                String[] parts = directory.getFileName().toString().split("@", 3);
                try {
                    HubName name = new HubName(
                            owner.getFileName() + "/" + parts[0],
                            parts[Math.min(1, parts.length - 1)].replace("%2F", "/"),
                            parts.length < 3 ? Optional.empty() : Optional.of(parts[2]));
                    new ModelDirectory(home, name).describe().ifPresent(models::add);
                } catch (IllegalArgumentException e) {
                    LOG.warn("{} in the cache is not a model directory: {}", directory, e.getMessage());
                }
            }
        }
        return models;
    }

    private static List<Path> children(Path directory) throws IOException {
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
            List<Path> children = new ArrayList<>();
            stream.forEach(children::add);
            children.sort(Comparator.naturalOrder());
            return children;
        } catch (NoSuchFileException | NotDirectoryException e) {
            return List.of();
        }
    }

    private Optional<CachedModel> describe() throws IOException {
        List<CachedFile> files = new ArrayList<>();
        for (Path file : children(path)) {
            String fileName = file.getFileName().toString();
            if (!fileName.equals(LOCK) && !fileName.startsWith(Manifest.FILE)) {
                try {
                    files.add(new CachedFile(fileName, Files.size(file)));
                } catch (NoSuchFileException e) {
                    LOG.debug("{} went while the cache was listed", file, e);
                }
            }
        }
        return files.isEmpty() ? Optional.empty() : Optional.of(new CachedModel(name, path, files, isComplete()));
    }

    boolean isComplete() throws IOException {
        return lack().isEmpty();
    }

    /** Returns what the model lacks, for messages; empty if it is complete. */
    String lack() throws IOException {
        Path file = file(Manifest.FILE);
        Manifest manifest;
        try {
            manifest = Manifest.fromJson(Files.readAllBytes(file));
        } catch (NoSuchFileException e) {
            return (Files.exists(path) ? "only a part of it in " : "nothing of it in ") + path;
        } catch (JsonProcessingException | CharConversionException | IllegalArgumentException e) {
            LOG.warn(
                    "{} is damaged, and counts as missing: {}",
                    file,
                    e instanceof IOException json ? JsonFault.describe(json) : e.getMessage());
            return "a damaged " + file;
        } catch (IOException e) {
            throw unusable(file + ": cannot be read", e);
        }
        List<String> missing = new ArrayList<>();
        for (RemoteFile expected : manifest.files()) {
            Path there = file(expected.name());
            if (!Files.isRegularFile(there) || Files.size(there) != expected.size()) {
                missing.add(expected.name());
            }
        }
        return missing.isEmpty() ? "" : "no " + String.join(", ", missing) + " of the right size in " + path;
    }

    /** Takes the promise back that everything is there. */
    void removeManifest() throws IOException {
        Files.deleteIfExists(file(Manifest.FILE));
    }

    /** Makes the promise, after all files have been made sure of; removes what an earlier list of files left behind. */
    void complete(Manifest manifest) throws IOException {
        Set<String> wanted = manifest.files().stream().map(RemoteFile::name).collect(Collectors.toSet());
        for (Path file : children(path)) {
            String fileName = file.getFileName().toString();
            boolean stale = ModelFileNames.couldBelong(fileName) || fileName.endsWith(PART_SUFFIX);
            if (stale && !wanted.contains(fileName) && Files.isRegularFile(file)) {
                LOG.info("Removing {}, which no longer belongs to {}", file, name);
                Files.delete(file);
            }
        }
        Path part = file(Manifest.FILE + PART_SUFFIX);
        try (FileChannel channel = FileChannel.open(
                part, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            ByteBuffer json = ByteBuffer.wrap(manifest.toJson());
            while (json.hasRemaining()) {
                channel.write(json);
            }
            channel.force(true);
        }
        Files.move(part, file(Manifest.FILE), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /**
     * Waits until no other thread or process fetches this model, and keeps them waiting until the lock is closed. A process
     * that dies lets go of it.
     */
    Lock lock() throws IOException {
        try {
            Files.createDirectories(path);
            String key = LOCK_PROPERTY + path.toRealPath();
            boolean told = false;
            while (true) {
                Optional<Lock> lock = tryLock(key);
                if (lock.isPresent()) {
                    return lock.get();
                }
                if (!told) {
                    LOG.info("Another thread or process fetches {} into {}; waiting for it", name, path);
                    told = true;
                }
                Thread.sleep(LOCK_POLL_MS);
            }
        } catch (InterruptedException e) {
            throw Retries.interrupted("model " + name, e);
        } catch (ClosedByInterruptException e) {
            throw e;
        } catch (IOException e) {
            throw unusable(path + ": cannot be written", e);
        }
    }

    private static IOException unusable(String what, IOException cause) {
        return new IOException(
                what + " (" + cause + "); set " + HubSettings.HOME_VARIABLE + " to a directory that can", cause);
    }

    private Optional<Lock> tryLock(String key) throws IOException {
        // The system's lock is for processes: where one of its threads closes the file, a process loses the lock that
        // another
        // thread has. So threads take turns before, by something that all class loaders share, for two jobs in one
        // TaskManager have two copies of this class.
        if (System.getProperties().putIfAbsent(key, "held") != null) {
            return Optional.empty();
        }
        FileChannel channel = null;
        try {
            channel = FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (channel.tryLock() != null) {
                return Optional.of(new Lock(key, channel));
            }
        } catch (IOException | RuntimeException | Error e) {
            new Lock(key, channel).close();
            throw e;
        }
        new Lock(key, channel).close();
        return Optional.empty();
    }

    /**
     * That nobody else fetches the model. The lock's file stays, for another may be waiting for it.
     *
     * @param channel null if it could not be opened
     */
    record Lock(String key, FileChannel channel) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            try {
                if (channel != null) {
                    channel.close();
                }
            } finally {
                System.getProperties().remove(key);
            }
        }
    }
}
