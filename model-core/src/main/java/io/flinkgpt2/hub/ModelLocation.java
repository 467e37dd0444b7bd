package io.flinkgpt2.hub;

import java.nio.file.Path;
import java.util.List;

/**
 * Where a model was found.
 *
 * @param path directory or file of the model
 * @param names what it may be called, as {@link ModelLocator#names} has it, at least one
 */
public record ModelLocation(Path path, List<String> names) {

    public ModelLocation {
        names = List.copyOf(names);
    }

    /**
     * Returns the name of the model in completions: the last part of the path as given, or the repository's name without its
     * owner.
     */
    public String name() {
        return names.get(0);
    }
}
