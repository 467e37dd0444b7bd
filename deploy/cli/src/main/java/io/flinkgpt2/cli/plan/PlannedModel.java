package io.flinkgpt2.cli.plan;

import io.flinkgpt2.cli.common.ModelArgument;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.model.PublishedModel;
import io.flinkgpt2.pretrained.LoadOptions;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.tensor.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine;

/**
 * The model that a plan is for. Of a published size nothing is read: measured is one with random weights.
 *
 * @param name a published size, or a path, or a name on the hub, as it was given
 * @param path empty of a published size
 */
record PlannedModel(String name, Optional<Path> path, Gpt2Config config, Precision precision) {

    /** Seed of random weights: the time that they take does not depend on it. */
    private static final long SEED = 0;

    /** @throws IOException if it is neither a published size nor a model that is there or can be fetched */
    static PlannedModel find(CommandLine command, String name, Precision precision) throws IOException {
        Optional<PublishedModel> published = PublishedModel.named(name);
        if (published.isPresent() && !Files.exists(Path.of(name))) {
            return new PlannedModel(name, Optional.empty(), published.get().config(), precision);
        }
        Path path = ModelArgument.locate(command, name).path();
        return new PlannedModel(name, Optional.of(path), Pretrained.openConfig(path), precision);
    }

    /** Loads the weights. */
    Pretrained open() throws IOException {
        LoadOptions options = LoadOptions.defaults().withPrecision(precision);
        return path.isPresent() ? Pretrained.open(path.get(), options) : Pretrained.random(config, SEED, options);
    }
}
