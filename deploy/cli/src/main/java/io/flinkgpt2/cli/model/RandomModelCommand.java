package io.flinkgpt2.cli.model;

import io.flinkgpt2.json.NearestName;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.model.Gpt2Weights;
import io.flinkgpt2.model.PublishedModel;
import io.flinkgpt2.model.RandomWeights;
import io.flinkgpt2.weights.SafeTensorsWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code random-model}: a model of a published size that nobody trained. */
@Command(
        name = "random-model",
        mixinStandardHelpOptions = true,
        description = "Writes a model of a published size with seeded random weights, for trying and measuring.")
public final class RandomModelCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--size",
            required = true,
            completionCandidates = Sizes.class,
            description = "One of: ${COMPLETION-CANDIDATES}.")
    private String size;

    @Option(names = "--seed", defaultValue = "0", description = "The same seed gives the same weights (default: 0).")
    private long seed;

    @Parameters(
            paramLabel = "DIR",
            description = "Directory to write config.json and model.safetensors to; made if missing.")
    private Path directory;

    static final class Sizes extends ArrayList<String> {
        private static final long serialVersionUID = 1L;

        Sizes() {
            super(names());
        }
    }

    private static List<String> names() {
        return Arrays.stream(PublishedModel.values())
                .map(PublishedModel::modelName)
                .toList();
    }

    @Override
    public Integer call() throws IOException {
        PublishedModel published = PublishedModel.named(size)
                .orElseThrow(() -> new ParameterException(
                        spec.commandLine(),
                        "--size: found '" + size + "', expected one of " + names() + NearestName.hint(size, names())));
        Path weightsFile = directory.resolve("model.safetensors");
        if (Files.exists(weightsFile)) {
            throw new ParameterException(
                    spec.commandLine(), weightsFile + " exists already; name another directory or remove it");
        }
        Files.createDirectories(directory);
        Gpt2Config config = published.config();
        RandomWeights weights = new RandomWeights(config, seed);
        SafeTensorsWriter.copy(weights, weightsFile);
        config.write(directory.resolve("config.json"));
        PrintWriter err = spec.commandLine().getErr();
        err.printf(
                "Wrote %s: %s, %,d random parameters, seed %d.%n",
                directory, size, Gpt2Weights.parameterCount(config, true), seed);
        return 0;
    }
}
