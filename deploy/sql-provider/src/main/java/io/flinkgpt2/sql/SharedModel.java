package io.flinkgpt2.sql;

import io.flinkgpt2.hub.FetchProgress;
import io.flinkgpt2.hub.HubName;
import io.flinkgpt2.hub.ModelLocator;
import io.flinkgpt2.pretrained.LoadOptions;
import io.flinkgpt2.pretrained.Pretrained;
import java.io.IOException;
import java.lang.ref.SoftReference;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The models of a TaskManager, each loaded once for each way of loading it and shared by all subtasks: the one place with static
 * state.
 *
 * <p>A model is counted by the functions that have it open. When the count falls to 0 it is kept for as long as the heap does not
 * need the room, so that a job that restarts after a failure finds it loaded. Flink tells a table function of no end of its class
 * loader, so there is no other moment to let it go.
 */
final class SharedModel {

    private static final Logger LOG = LoggerFactory.getLogger(SharedModel.class);

    /** Guarded by itself. */
    private static final Map<Key, SharedModel> LOADED = new HashMap<>();

    private final Key key;
    private int users;

    /** While it has users; else null. */
    private Pretrained pretrained;

    private SoftReference<Pretrained> kept = new SoftReference<>(null);

    private SharedModel(Key key) {
        this.key = key;
    }

    /**
     * The key of a model that is loaded once.
     *
     * @param path absolute
     * @param commit of a model on the hub that is loaded at one, for the files in the path may be replaced by those of another;
     *     else empty
     */
    private record Key(Path path, String commit, LoadOptions options) {}

    /**
     * Returns a model, loaded if it is not. Others that ask meanwhile wait for it. To be {@link #release released} once.
     *
     * @param model path on this machine, or name on the hub, which is fetched if it is not in the cache
     * @throws IOException if it cannot be found, fetched or loaded; the next call tries again
     * @throws IllegalStateException if the heap is too small for its weights; says how large it has to be
     */
    static SharedModel acquire(String model, LoadOptions options) throws IOException {
        String commit = ModelLocator.hubName(model)
                .filter(HubName::isCommit)
                .map(HubName::revision)
                .orElse("");
        Path path = ModelLocator.locate(model, FetchProgress.NONE).path();
        Key key = new Key(path, commit, options);
        SharedModel shared;
        synchronized (LOADED) {
            shared = LOADED.computeIfAbsent(key, SharedModel::new);
            shared.users++;
        }
        try {
            shared.load();
            return shared;
        } catch (IOException | RuntimeException | Error e) {
            shared.release();
            throw e;
        }
    }

    private synchronized void load() throws IOException {
        if (pretrained == null) {
            pretrained = kept.get();
        }
        if (pretrained == null) {
            EngineMemory.requireRoom(
                    Pretrained.openConfig(key.path()),
                    key.options().precision(),
                    Runtime.getRuntime().maxMemory());
            long start = System.nanoTime();
            pretrained = Pretrained.open(key.path(), key.options());
            kept = new SoftReference<>(pretrained);
            LOG.info(
                    "Loaded {}{} (revision {}, {}, {} kernels) in {} ms",
                    key.path(),
                    key.commit().isEmpty() ? "" : " at commit " + key.commit(),
                    pretrained.revision(),
                    pretrained.precision(),
                    pretrained.model().kernels().name(),
                    (System.nanoTime() - start) / 1_000_000);
        }
    }

    /** Returns the model; immutable. */
    synchronized Pretrained pretrained() {
        return pretrained;
    }

    /** Ends one use. */
    void release() {
        synchronized (LOADED) {
            users--;
            if (users == 0) {
                letGo();
            }
        }
    }

    private synchronized void letGo() {
        pretrained = null;
    }
}
