package io.flinkgpt2.job.function;

import io.flinkgpt2.hub.HubSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** A {@link TinyModel} in a cache of hub models, as if it had been fetched. */
public final class CachedModel {

    private CachedModel() {}

    /** The cache that the tests' environment names, in which models are looked up as they are loaded. */
    public static Path home() {
        return HubSettings.fromEnvironment().home();
    }

    /**
     * Writes a model.
     *
     * @param name {@code owner/name@revision}
     * @param commit that the revision stood for, or null if the hub did not tell
     * @param factor what all of its weights are multiplied by
     * @return its directory
     */
    public static Path write(Path home, String name, String commit, float factor) throws IOException {
        Path directory = TinyModel.write(home.resolve("models").resolve(name), factor);
        String manifest = String.format(
                Locale.ROOT,
                "{\"format\": 1, %s\"files\": [{\"name\": \"config.json\", \"size\": %d, \"git_blob\": \"%s\"}]}",
                commit == null ? "" : "\"commit\": \"" + commit + "\", ",
                Files.size(directory.resolve("config.json")),
                "0".repeat(40));
        Files.writeString(directory.resolve("manifest.json"), manifest);
        return directory;
    }
}
