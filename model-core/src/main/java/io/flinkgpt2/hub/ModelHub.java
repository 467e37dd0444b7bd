package io.flinkgpt2.hub;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Models by name: a cache of directories, filled from the hub.
 *
 * <ul>
 *   <li>A model that is complete is used without a look at the network.
 *   <li>Nothing gets its name before its size and checksum are right; a fetch that is broken off goes on where it stopped.
 *   <li>Threads and processes that want one model at once fetch it once; the others wait.
 * </ul>
 *
 * <p>Fetched are {@code config.json}, the weights (safetensors before PyTorch's, one file before shards; a GGUF file if there
 * is nothing else), {@code generation_config.json} and the files of the tokenizer. Safe for use by several threads.
 */
public final class ModelHub {

    private static final Logger LOG = LoggerFactory.getLogger(ModelHub.class);

    /** Longest index of shards that is fetched, in bytes. */
    private static final long MOST_INDEX_BYTES = 16 << 20;

    private final HubSettings settings;
    private final NetworkLimits limits;
    private final FreeSpace freeSpace;

    /** Opens nothing. */
    public ModelHub(HubSettings settings) {
        this(
                settings,
                NetworkLimits.STANDARD,
                directory -> Files.getFileStore(directory).getUsableSpace());
    }

    ModelHub(HubSettings settings, NetworkLimits limits, FreeSpace freeSpace) {
        this.settings = settings;
        this.limits = limits;
        this.freeSpace = freeSpace;
    }

    /** Bytes that can still be written below a directory. */
    @FunctionalInterface
    interface FreeSpace {
        long bytes(Path directory) throws IOException;
    }

    /**
     * Returns the directory of a model, with all its files; fetches what is missing.
     *
     * @param progress told while something is fetched
     * @throws ModelHubException if the model is not there and cannot be fetched; says why and what to do
     * @throws java.io.InterruptedIOException if the thread is interrupted; what has come is kept
     * @throws IOException if the cache cannot be read or written
     */
    public Path resolve(HubName name, FetchProgress progress) throws IOException {
        ModelDirectory directory = new ModelDirectory(settings.home(), name);
        String lack = directory.lack();
        if (lack.isEmpty()) {
            return directory.path();
        }
        ModelDirectory sameCommit = name.isCommit() ? ModelDirectory.ofCommit(settings.home(), name) : null;
        if (sameCommit != null) {
            return sameCommit.path();
        }
        if (settings.offline()) {
            throw new ModelHubException(
                    "model " + name,
                    lack + ", and offline mode is on",
                    "the whole model in the cache",
                    "run 'flink-gpt2 fetch " + name + "' without --offline and " + HubSettings.OFFLINE_VARIABLE
                            + ", or where there is a network, and copy " + directory.path() + " here");
        }
        try (ModelDirectory.Lock lock = directory.lock()) {
            LOG.debug("Holding {}", lock.key());
            if (!directory.isComplete()) {
                fetch(name, directory, progress);
            }
        } catch (ClosedByInterruptException e) {
            throw Retries.interrupted("model " + name, e);
        } catch (IOException e) {
            throw settings.redaction().of(e);
        } catch (RuntimeException e) {
            throw settings.redaction().of(e);
        }
        return directory.path();
    }

    /**
     * Returns the same model at the commit that its branch or tag stands for: in the cache, if it is complete there, else at
     * the hub. The name as it is, with a warning, if the cache does not know the commit of what it holds.
     *
     * @throws ModelHubException if the commit cannot be found out
     * @throws IOException if the cache cannot be read
     */
    public HubName atCommit(HubName name) throws IOException {
        if (name.isCommit()) {
            return name;
        }
        ModelDirectory directory = new ModelDirectory(settings.home(), name);
        String lack = directory.lack();
        if (lack.isEmpty()) {
            String commit = directory.commit();
            if (commit != null) {
                return name.at(commit);
            }
            LOG.warn(
                    "The commit of model {} in {} is not known: another machine may have other files under this name. Name a"
                            + " commit with @ to be sure",
                    name,
                    directory.path());
            return name;
        }
        if (settings.offline()) {
            throw new ModelHubException(
                    "commit of model " + name,
                    lack + ", and offline mode is on",
                    "the model in the cache, or a network",
                    "name the commit: " + name.at("COMMIT"));
        }
        return name.at(RepositoryCommit.of(name, new HubClient(settings, limits), settings));
    }

    /** Returns the models in the cache, complete or not, in the order of their names; needs no network. */
    public List<CachedModel> models() throws IOException {
        return ModelDirectory.all(settings.home());
    }

    private void fetch(HubName name, ModelDirectory directory, FetchProgress progress) throws IOException {
        HubClient client = new HubClient(settings, limits);
        LOG.info("Fetching {} from {} into {}", name, settings.baseAddress(), directory.path());
        RepositoryTree tree = RepositoryTree.of(name, client, settings);
        List<RemoteFile> files = new ArrayList<>();
        for (String file : ModelFileNames.choose(tree, name)) {
            files.add(tree.file(file));
        }
        directory.removeManifest();
        Transfer transfer = new Transfer(client, name, tree, directory, progress);
        RemoteFile weights = files.get(files.size() - 1);
        if (ModelFileNames.isIndex(weights.name())) {
            if (weights.size() > MOST_INDEX_BYTES) {
                throw new ModelHubException(
                        "model " + name + ", file " + weights.name(),
                        weights.size() + " bytes",
                        "at most " + MOST_INDEX_BYTES,
                        "choose another model or revision");
            }
            transfer.fetch(files);
            for (String shard : ShardIndex.shards(name, directory.file(weights.name()))) {
                files.add(tree.file(shard));
            }
        }
        transfer.fetch(files);
        directory.complete(new Manifest(name, client.commit(), settings.baseAddress(), files));
        LOG.info("Fetched {}: {} files, {} bytes", name, files.size(), bytes(files));
    }

    private static long bytes(List<RemoteFile> files) {
        return files.stream().mapToLong(RemoteFile::size).reduce(0, Math::addExact);
    }

    /** The files of one model on their way. */
    private final class Transfer {

        private final HubClient client;
        private final HubName name;
        private final RepositoryTree tree;
        private final ModelDirectory directory;
        private final FetchProgress progress;

        Transfer(
                HubClient client, HubName name, RepositoryTree tree, ModelDirectory directory, FetchProgress progress) {
            this.client = client;
            this.name = name;
            this.tree = tree;
            this.directory = directory;
            this.progress = progress;
        }

        /** Makes sure of files, one after the other. */
        void fetch(List<RemoteFile> files) throws IOException {
            long total = bytes(files);
            checkSpace(files, total);
            long before = 0;
            for (RemoteFile file : files) {
                long start = before;
                new FileDownload(
                                client,
                                settings,
                                name,
                                file,
                                directory.file(file.name()),
                                done -> progress.update(file.name(), start + done, total))
                        .run(tree.contentPath(file));
                before += file.size();
            }
        }

        private void checkSpace(List<RemoteFile> files, long total) throws IOException {
            long present = 0;
            for (RemoteFile file : files) {
                present += FileDownload.present(file, directory.file(file.name()));
            }
            long free = freeSpace.bytes(directory.path());
            if (free < total - present) {
                throw new ModelHubException(
                        "model " + name,
                        String.format(Locale.ROOT, "%,d bytes free for %s", free, directory.path()),
                        String.format(Locale.ROOT, "%,d bytes, which are still to be fetched", total - present),
                        "make room, or set " + HubSettings.HOME_VARIABLE + " to a directory on another disk");
            }
        }
    }
}
