package io.flinkgpt2.sql;

import io.flinkgpt2.hub.HubName;
import io.flinkgpt2.hub.HubSettings;
import io.flinkgpt2.hub.ModelHub;
import io.flinkgpt2.hub.ModelLocator;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sql.ProviderSettings.Limits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The checks of a model that can be made before a statement runs, on a machine that need not have the model. */
final class ModelCheck {

    private static final Logger LOG = LoggerFactory.getLogger(ModelCheck.class);

    private ModelCheck() {}

    /**
     * Returns the settings with the model as the TaskManagers are to find it: a path that exists here is made absolute; the name
     * of a model on the hub gets the commit that it stands for now, so that all subtasks load the same one, also after a
     * restart. Any other path is left to the TaskManagers.
     *
     * @throws IllegalArgumentException if the model is here and does not fit the settings, or its commit cannot be found out
     *     and no revision is given
     */
    static ProviderSettings checked(ProviderSettings settings) {
        Optional<HubName> name = ModelLocator.hubName(settings.model());
        if (name.isPresent()) {
            return settings.withModel(atCommit(settings.model(), name.get()));
        }
        Path path = existing(settings.model());
        if (path == null) {
            return settings;
        }
        requireFits(path, settings.limits());
        return settings.withModel(path.toString());
    }

    private static String atCommit(String given, HubName name) {
        try {
            return new ModelHub(HubSettings.fromEnvironment()).atCommit(name).toString();
        } catch (IOException | IllegalArgumentException e) {
            if (!given.contains("@")) {
                throw new IllegalArgumentException("model: " + e.getMessage(), e);
            }
            LOG.warn(
                    "Each TaskManager looks {} up itself, for its commit cannot be found out here: {}",
                    given,
                    e.getMessage());
            return given;
        }
    }

    private static Path existing(String text) {
        try {
            Path path = Path.of(text).toAbsolutePath().normalize();
            return Files.exists(path) ? path : null;
        } catch (InvalidPathException e) {
            return null;
        }
    }

    private static void requireFits(Path path, Limits limits) {
        try {
            Pretrained.openTokenizer(path).refusalOfText().ifPresent(why -> {
                throw new IllegalArgumentException("model: found " + path + ", which takes no text: " + why
                        + "; expected a model with a tokenizer");
            });
            Gpt2Config config = Pretrained.openConfig(path);
            requireContext(limits.maxContext(config), config.contextLength());
        } catch (IOException e) {
            throw new IllegalArgumentException("model: " + e.getMessage(), e);
        }
    }

    /** Refuses a context that the model does not have, in the words of this option. */
    static void requireContext(int maxContext, int contextLength) {
        if (maxContext > contextLength) {
            throw new IllegalArgumentException(Gpt2Options.MAX_CONTEXT_SIZE.key() + ": found " + maxContext
                    + ", expected 1.." + contextLength + ", the n_positions of the model");
        }
    }
}
