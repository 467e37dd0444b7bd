package io.flinkgpt2.job.function;

import io.flinkgpt2.pretrained.LoadOptions;
import io.flinkgpt2.tensor.Activation;
import io.flinkgpt2.tensor.Precision;
import java.io.Serializable;
import java.util.List;
import java.util.Objects;

/**
 * Which model a job runs, and how it is loaded on the TaskManagers.
 *
 * @param path directory or file on the TaskManagers, or the name of a model on the hub
 * @param names names under which a request may ask for the model, at least one; the first is its own
 * @param precision how its weight matrices are kept in memory
 * @param activation replaces the model's activation function; null: as the model says
 * @param revisionOpen whether the user left it to the job which revision of a hub model it runs; then a job that is resumed
 *     goes on with the revision of its state: see {@link PinnedModel}
 */
public record ModelSettings(
        String path, List<String> names, Precision precision, Activation activation, boolean revisionOpen)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    public ModelSettings {
        Objects.requireNonNull(path, "path");
        Objects.requireNonNull(precision, "precision");
        names = List.copyOf(names);
    }

    /** With the revision that {@code path} says, if it is the name of a model on the hub. */
    public ModelSettings(String path, List<String> names, Precision precision, Activation activation) {
        this(path, names, precision, activation, false);
    }

    /** Returns the same names and ways for a model with another path. */
    ModelSettings withPath(String otherPath, boolean open) {
        return new ModelSettings(otherPath, names, precision, activation, open);
    }

    /** Returns the name of the model in completions. */
    public String name() {
        return names.get(0);
    }

    /** With the best kernels of the machine where this is called. */
    LoadOptions loadOptions() {
        LoadOptions options = LoadOptions.defaults().withPrecision(precision);
        return activation == null ? options : options.withActivation(activation);
    }
}
