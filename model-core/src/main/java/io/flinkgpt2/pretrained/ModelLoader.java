package io.flinkgpt2.pretrained;

import io.flinkgpt2.digest.Digests;
import io.flinkgpt2.model.Gpt2;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.model.Gpt2Weights;
import io.flinkgpt2.model.RandomWeights;
import io.flinkgpt2.tokenizer.Tokenizer;
import io.flinkgpt2.weights.Gguf;
import io.flinkgpt2.weights.InvalidModelException;
import io.flinkgpt2.weights.TrainingCheckpoint;
import io.flinkgpt2.weights.WeightsFile;
import io.flinkgpt2.weights.WeightsFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Loads a {@link Pretrained}: its config, tokenizer and weights, wherever its format has them. */
final class ModelLoader {

    private static final Logger LOG = LoggerFactory.getLogger(Pretrained.class);

    private static final int REVISION_BYTES = 8;
    private static final String GENERATION_CONFIG = "generation_config.json";

    /** The directory or file, as it was given. */
    private final Path path;

    private final LoadOptions options;

    ModelLoader(Path path, LoadOptions options) {
        this.path = path;
        this.options = options;
    }

    /** Loads the model; see {@link Pretrained#open(Path, LoadOptions)}. */
    Pretrained load() throws IOException {
        requireExists(path);
        try (WeightsFile file = WeightsFiles.open(path)) {
            if (file instanceof Gguf gguf) {
                return load(gguf);
            }
            return file instanceof TrainingCheckpoint checkpoint ? load(checkpoint) : load(file);
        }
    }

    private Pretrained load(Gguf file) throws IOException {
        Gpt2Config own = Gpt2Config.read(file);
        Gpt2Config config = chosen(own, options);
        Tokenizer tokenizer = ModelTokenizer.of(file, config.vocabularySize()).tokenizer();
        Gpt2Weights weights = weights(file, config);
        byte[] configBytes = own.toJson().getBytes(StandardCharsets.UTF_8);
        return pretrained(config, weights, tokenizer, configBytes, changes(own, config));
    }

    private Pretrained load(TrainingCheckpoint file) throws IOException {
        Gpt2Config own = Gpt2Config.read(file);
        Gpt2Config config = chosen(own, options);
        Tokenizer tokenizer =
                ModelTokenizer.of(directory(path), config.vocabularySize()).tokenizer();
        Gpt2Weights weights = weights(file, config);
        if (file.storedRows() > config.vocabularySize()) {
            LOG.info(
                    "{}: left out {} padded rows of the vocabulary, which mean no token; {} are kept",
                    path,
                    file.storedRows() - config.vocabularySize(),
                    config.vocabularySize());
        }
        byte[] configBytes = own.toJson().getBytes(StandardCharsets.UTF_8);
        return pretrained(config, weights, tokenizer, configBytes, changes(own, config));
    }

    private Pretrained load(WeightsFile file) throws IOException {
        Path directory = directory(path);
        Path configFile = configFile(directory);
        Gpt2Config declared = Gpt2Config.read(configFile, options.activation());
        Gpt2Config config = declared.withEndOfTextIdsOf(directory.resolve(GENERATION_CONFIG));
        Beside<Tokenizer> loading = Beside.load(
                "tokenizer",
                () -> ModelTokenizer.of(directory, config.vocabularySize()).tokenizer());
        Gpt2Weights weights = weightsBeside(loading, file, config);
        Tokenizer tokenizer = loading.get();
        String changes = changes(declared, config);
        if (options.activation().isPresent()
                && !Gpt2Config.declares(configFile, options.activation().get())) {
            changes = activation(config) + changes;
        }
        return pretrained(config, weights, tokenizer, Files.readAllBytes(configFile), changes);
    }

    /** Loads the weights; what is wrong with the tokenizer is told before what is wrong with them. */
    private Gpt2Weights weightsBeside(Beside<Tokenizer> tokenizer, WeightsFile file, Gpt2Config config)
            throws IOException {
        try {
            return weights(file, config);
        } catch (IOException | RuntimeException e) {
            try {
                tokenizer.get();
            } catch (IOException | RuntimeException first) {
                first.addSuppressed(e);
                throw first;
            }
            throw e;
        }
    }

    /** Makes the model in memory; see {@link Pretrained#random}. */
    static Pretrained random(Gpt2Config shape, long seed, LoadOptions options) throws IOException {
        Gpt2Config config = chosen(shape, options);
        try (RandomWeights file = new RandomWeights(config, seed)) {
            ModelLoader loader = new ModelLoader(Path.of(file.describe()), options);
            Gpt2Weights weights = loader.weights(file, config);
            // Numbers that come from no file have no stored bytes to tell them apart, but a seed.
            byte[] configBytes = (shape.toJson() + file.describe()).getBytes(StandardCharsets.UTF_8);
            Tokenizer tokenizer = ModelTokenizer.gpt2OrNone(config.vocabularySize(), file.describe());
            return loader.pretrained(config, weights, tokenizer, configBytes, changes(shape, config));
        }
    }

    private static Gpt2Config chosen(Gpt2Config config, LoadOptions options) {
        return options.activation().map(config::withActivation).orElse(config);
    }

    private Gpt2Weights weights(WeightsFile file, Gpt2Config config) throws IOException {
        return Gpt2Weights.load(file, config, path, options.kernels().product(), options.precision());
    }

    /**
     * Returns the ways in which a config differs from the one that the digest of a model's revision covers; empty if in none.
     */
    private static String changes(Gpt2Config digested, Gpt2Config config) {
        return (config.activation() == digested.activation() ? "" : activation(config))
                + (config.endOfTextIds().equals(digested.endOfTextIds()) ? "" : "end of text " + config.endOfTextIds());
    }

    private static String activation(Gpt2Config config) {
        return "activation " + config.activation();
    }

    private Pretrained pretrained(
            Gpt2Config config, Gpt2Weights weights, Tokenizer tokenizer, byte[] configBytes, String changes) {
        // The revision says what the answers are a function of, so a config that was changed is another one.
        return new Pretrained(
                path.toString(),
                new Gpt2(config, weights, options.kernels()),
                weights,
                tokenizer,
                revision(weights, configBytes, changes.getBytes(StandardCharsets.UTF_8), tokenizer),
                options.precision());
    }

    private static String revision(Gpt2Weights weights, byte[] config, byte[] changes, Tokenizer tokenizer) {
        MessageDigest digest = Digests.sha256();
        digest.update(weights.sha256().getBytes(StandardCharsets.UTF_8));
        digest.update(config);
        digest.update(changes);
        tokenizer.updateDigest(digest);
        return HexFormat.of().formatHex(digest.digest(), 0, REVISION_BYTES);
    }

    /** Returns the config alone; see {@link Pretrained#openConfig}. */
    static Gpt2Config config(Path directoryOrFile) throws IOException {
        requireExists(directoryOrFile);
        try (WeightsFile file = WeightsFiles.open(directoryOrFile)) {
            if (file instanceof Gguf gguf) {
                return Gpt2Config.read(gguf);
            }
            if (file instanceof TrainingCheckpoint checkpoint) {
                return Gpt2Config.read(checkpoint);
            }
            Path directory = directory(directoryOrFile);
            return Gpt2Config.read(configFile(directory)).withEndOfTextIdsOf(directory.resolve(GENERATION_CONFIG));
        }
    }

    static Path configFile(Path directory) throws InvalidModelException {
        Path file = directory.resolve("config.json");
        if (!Files.isRegularFile(file)) {
            throw new InvalidModelException(
                    directory, "config.json", "nothing", "the model's config", "fetch the model's files again");
        }
        return file;
    }

    /** Returns the directory itself, or that of the file: of the link's, not of its target. */
    static Path directory(Path directoryOrFile) {
        return Files.isDirectory(directoryOrFile)
                ? directoryOrFile
                : directoryOrFile.toAbsolutePath().getParent();
    }

    static void requireExists(Path directoryOrFile) throws InvalidModelException {
        if (!Files.exists(directoryOrFile)) {
            throw new InvalidModelException(
                    directoryOrFile,
                    "model",
                    "nothing",
                    "a directory with config.json and weights, or a file with weights",
                    "check the path");
        }
    }
}
