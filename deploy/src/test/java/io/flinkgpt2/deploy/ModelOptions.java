package io.flinkgpt2.deploy;

import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The options of a script that say which model it measures. */
final class ModelOptions {

    @Option(
            names = "--size",
            defaultValue = "gpt2",
            description = "Published size, with random weights (default: ${DEFAULT-VALUE}).")
    private String size;

    @Option(names = "--model", description = "Directory of a model instead.")
    private Path model;

    /** Makes the model, or a copy of the given one that has no end of text, below a directory. */
    EndlessModel open(Path directory) throws IOException, InterruptedException {
        return model == null ? EndlessModel.random(size, directory) : EndlessModel.of(model, directory);
    }
}
