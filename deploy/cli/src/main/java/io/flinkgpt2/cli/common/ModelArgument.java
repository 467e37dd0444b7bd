package io.flinkgpt2.cli.common;

import io.flinkgpt2.hub.HubSettings;
import io.flinkgpt2.hub.ModelHub;
import io.flinkgpt2.hub.ModelLocation;
import io.flinkgpt2.hub.ModelLocator;
import java.io.IOException;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/**
 * The model that {@code --model} names: an existing path, or a model on the hub, which is fetched if it is not in the cache.
 */
public final class ModelArgument {

    private ModelArgument() {}

    /**
     * Finds the model; shows the progress on the command's standard error if something is fetched.
     *
     * @throws ParameterException if the environment says of the hub what it cannot
     * @throws IOException if it is neither a path nor a model that can be fetched; says both
     */
    public static ModelLocation locate(CommandLine command, String pathOrName) throws IOException {
        return locate(command, pathOrName, HubSettings::fromEnvironment);
    }

    /** As {@link #locate(CommandLine, String)}, with settings of the hub that are asked for only if there is no such path. */
    public static ModelLocation locate(CommandLine command, String pathOrName, Supplier<HubSettings> environment)
            throws IOException {
        Supplier<ModelHub> hub = () -> {
            try {
                return new ModelHub(environment.get());
            } catch (IllegalArgumentException e) {
                throw new ParameterException(command, e.getMessage(), e);
            }
        };
        try (Progress progress = new Progress(command.getErr())) {
            return ModelLocator.locate(pathOrName, hub, progress::fetch);
        }
    }
}
