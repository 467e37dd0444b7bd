package io.flinkgpt2.hub;

import static io.flinkgpt2.hub.ModelHubException.quoted;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Finds a model that a user gave as a path or as a name. What exists wins, so a directory can be called {@code gpt2}. */
public final class ModelLocator {

    private ModelLocator() {}

    /**
     * As {@link #locate(String, Supplier, FetchProgress)}, with the hub that the environment says.
     *
     * @throws IllegalArgumentException if a variable has a value that it cannot have
     */
    public static ModelLocation locate(String pathOrName, FetchProgress progress) throws IOException {
        return locate(pathOrName, () -> new ModelHub(HubSettings.fromEnvironment()), progress);
    }

    /**
     * Returns the path, if there is something; else the directory of the model with this name, which is fetched if need be.
     *
     * @param pathOrName directory or file, or a name as {@link HubName#parse} takes it
     * @param hub asked for only if there is nothing at the path
     * @throws ModelHubException if it is neither, or cannot be fetched; says both
     * @throws IOException if the cache cannot be read or written
     */
    public static ModelLocation locate(String pathOrName, Supplier<ModelHub> hub, FetchProgress progress)
            throws IOException {
        Path path = absolute(pathOrName);
        if (path != null && Files.exists(path)) {
            return new ModelLocation(path, List.of(nameOf(path)));
        }
        HubName name;
        try {
            name = HubName.parse(pathOrName);
        } catch (IllegalArgumentException e) {
            throw new ModelHubException(
                    (path == null ? quoted(pathOrName) : path) + ": model",
                    "nothing there, and as the name of a model on the hub: " + e.getMessage(),
                    "one or the other",
                    "check the path, or the name",
                    e);
        }
        try {
            return new ModelLocation(hub.get().resolve(name, progress), name.names());
        } catch (ModelHubException e) {
            throw e.after("there is no file or directory " + path + ", so " + quoted(pathOrName)
                    + " was taken for the name of a model; ");
        }
    }

    /**
     * Returns the names of a model that a user gave so, without a look at the hub: the last part of an existing path; else, of
     * the name of a model, {@link HubName#names()}; else the last part of the path, which may exist on another machine.
     *
     * @return at least one; the first is what completions call it
     */
    public static List<String> names(String pathOrName) {
        Path path = absolute(pathOrName);
        if (path != null && Files.exists(path)) {
            return List.of(nameOf(path));
        }
        try {
            return HubName.parse(pathOrName).names();
        } catch (IllegalArgumentException e) {
            // Whether there is such a path is for the machine to say that is to load it.
            return List.of(path == null ? pathOrName : nameOf(path));
        }
    }

    /**
     * Returns the name of a model on the hub that a user gave so, without a look at the hub; empty if there is something at the
     * path.
     */
    public static Optional<HubName> hubName(String pathOrName) {
        Path path = absolute(pathOrName);
        if (path != null && Files.exists(path)) {
            return Optional.empty();
        }
        try {
            return Optional.of(HubName.parse(pathOrName));
        } catch (IllegalArgumentException e) {
            // A path, which may exist on another machine.
            return Optional.empty();
        }
    }

    private static String nameOf(Path path) {
        Path last = path.getFileName();
        return last == null ? path.toString() : last.toString();
    }

    /** Null for a text that cannot be a path here. */
    private static Path absolute(String text) {
        try {
            return text.isBlank() ? null : Path.of(text).toAbsolutePath().normalize();
        } catch (InvalidPathException e) {
            return null;
        }
    }
}
