package io.flinkgpt2.job.function;

import io.flinkgpt2.hub.FetchProgress;
import io.flinkgpt2.hub.HubName;
import io.flinkgpt2.hub.ModelLocator;
import io.flinkgpt2.pretrained.LoadOptions;
import io.flinkgpt2.pretrained.Pretrained;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The models of a TaskManager, each loaded once for each way of loading it and shared by all slots: the one place with static
 * state.
 *
 * <p>A model is counted by the functions that have it open. It is kept when the count falls to 0, so that a job that
 * restarts after a failure finds it loaded, and let go when Flink releases the job's class loader.
 */
public final class SharedModel {

    private static final Logger LOG = LoggerFactory.getLogger(SharedModel.class);
    private static final String HOOK = "flink-gpt2 models";

    /** Guarded by itself. */
    private static final Map<Key, SharedModel> LOADED = new HashMap<>();

    private final Key key;
    private Pretrained pretrained;
    private long loadMillis;
    private int users;

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
     * Returns a model, loaded if this is its first use here. Others that ask meanwhile wait for it. To be {@link #release
     * released} once.
     *
     * @param settings its path is one on this machine, or the name of a model on the hub, which is fetched if it is not in the
     *     cache; where the hub and the cache are, this process's environment says
     * @throws IOException if it cannot be found, fetched or loaded; the next call tries again
     * @throws IllegalStateException if the heap is too small for its weights; says how large it has to be
     */
    public static SharedModel acquire(ModelSettings settings, RuntimeContext context) throws IOException {
        context.registerUserCodeClassLoaderReleaseHookIfAbsent(HOOK, SharedModel::releaseUnused);
        String commit = ModelLocator.hubName(settings.path())
                .filter(HubName::isCommit)
                .map(HubName::revision)
                .orElse("");
        Path path = ModelLocator.locate(settings.path(), FetchProgress.NONE).path();
        Key key = new Key(path, commit, settings.loadOptions());
        SharedModel model;
        synchronized (LOADED) {
            model = LOADED.computeIfAbsent(key, SharedModel::new);
            model.users++;
        }
        try {
            model.load();
            return model;
        } catch (IOException | RuntimeException | Error e) {
            model.release();
            throw e;
        }
    }

    private synchronized void load() throws IOException {
        if (pretrained == null) {
            ModelMemory.requireRoom(
                    Pretrained.openConfig(key.path()),
                    key.options().precision(),
                    Runtime.getRuntime().maxMemory());
            long start = System.nanoTime();
            pretrained = Pretrained.open(key.path(), key.options());
            loadMillis = (System.nanoTime() - start) / 1_000_000;
            LOG.info(
                    "Loaded {}{} (revision {}, {}, {} kernels) in {} ms",
                    key.path(),
                    key.commit().isEmpty() ? "" : " at commit " + key.commit(),
                    pretrained.revision(),
                    pretrained.precision(),
                    pretrained.model().kernels().name(),
                    loadMillis);
        }
    }

    /** Returns how long it took to load, in milliseconds. */
    public synchronized long loadMillis() {
        return loadMillis;
    }

    /** Returns the model; immutable. */
    public synchronized Pretrained pretrained() {
        return pretrained;
    }

    /** Ends one use. */
    public void release() {
        synchronized (LOADED) {
            users--;
        }
    }

    private static void releaseUnused() {
        synchronized (LOADED) {
            LOADED.values().removeIf(model -> model.users == 0);
        }
    }
}
