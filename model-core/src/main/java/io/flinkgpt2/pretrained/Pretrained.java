package io.flinkgpt2.pretrained;

import io.flinkgpt2.constraint.ConstraintCompiler;
import io.flinkgpt2.digest.Digests;
import io.flinkgpt2.model.Gpt2;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.model.Gpt2Weights;
import io.flinkgpt2.model.RandomWeights;
import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.tensor.Precision;
import io.flinkgpt2.tokenizer.InvalidVocabularyException;
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
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model and its tokenizer, loaded from a directory or a single file. Immutable, and shared by all threads.
 */
public final class Pretrained {

    private static final Logger LOG = LoggerFactory.getLogger(Pretrained.class);

    private static final int REVISION_BYTES = 8;
    private static final String GENERATION_CONFIG = "generation_config.json";

    private final Gpt2 model;
    private final Gpt2Weights weights;
    private final Tokenizer tokenizer;
    private final Supplier<ConstraintCompiler> constraints;
    private final String revision;
    private final Precision precision;

    private Pretrained(Gpt2 model, Gpt2Weights weights, Tokenizer tokenizer, String revision, Precision precision) {
        this.model = model;
        this.weights = weights;
        this.tokenizer = tokenizer;
        this.constraints = ConstraintCompiler.whenUsed(tokenizer, model.config().vocabularySize());
        this.revision = revision;
        this.precision = precision;
    }

    /** {@link #open(Path, LoadOptions)} with the {@linkplain LoadOptions#defaults() defaults}. */
    public static Pretrained open(Path directoryOrFile) throws IOException {
        return open(directoryOrFile, LoadOptions.defaults());
    }

    /** {@link #open(Path, LoadOptions)} with the defaults but for the kernels. */
    public static Pretrained open(Path directoryOrFile, Kernels kernels) throws IOException {
        return open(directoryOrFile, LoadOptions.defaults().withKernels(kernels));
    }

    /**
     * Loads the weights of a directory, or of a single file, with their config and tokenizer. A GGUF file has both
     * inside, and nothing beside it is read. A checkpoint of nanoGPT or llm.c has its config inside. For weights of
     * any other format they are {@code config.json}, with the end-of-text ids of {@code generation_config.json} added if there
     * is one, and what {@link io.flinkgpt2.tokenizer.TokenizerDirectory} reads, in the directory or beside the file. A model
     * that brings no tokenizer has GPT-2's own if it has as many ids; any other takes token ids only, as one with a tokenizer
     * of another kind does ({@link Tokenizer#refusalOfText}).
     *
     * @throws InvalidModelException if something is missing or wrong; names file, field or tensor, and what to do
     * @throws InvalidVocabularyException if the vocabulary is not valid; likewise
     * @throws IOException if a file cannot be read
     */
    public static Pretrained open(Path directoryOrFile, LoadOptions options) throws IOException {
        requireExists(directoryOrFile);
        try (WeightsFile file = WeightsFiles.open(directoryOrFile)) {
            if (file instanceof Gguf gguf) {
                return open(gguf, directoryOrFile, options);
            }
            return file instanceof TrainingCheckpoint checkpoint
                    ? open(checkpoint, directoryOrFile, options)
                    : open(file, directoryOrFile, options);
        }
    }

    private static Pretrained open(Gguf file, Path path, LoadOptions options) throws IOException {
        Gpt2Config own = Gpt2Config.read(file);
        Gpt2Config config = chosen(own, options);
        Tokenizer tokenizer = ModelTokenizer.of(file, config.vocabularySize()).tokenizer();
        Gpt2Weights weights =
                Gpt2Weights.load(file, config, path, options.kernels().product(), options.precision());
        byte[] configBytes = own.toJson().getBytes(StandardCharsets.UTF_8);
        return of(config, weights, options, tokenizer, configBytes, changes(own, config));
    }

    private static Pretrained open(TrainingCheckpoint file, Path path, LoadOptions options) throws IOException {
        Gpt2Config own = Gpt2Config.read(file);
        Gpt2Config config = chosen(own, options);
        Tokenizer tokenizer =
                ModelTokenizer.of(directory(path), config.vocabularySize()).tokenizer();
        Gpt2Weights weights =
                Gpt2Weights.load(file, config, path, options.kernels().product(), options.precision());
        if (file.storedRows() > config.vocabularySize()) {
            LOG.info(
                    "{}: left out {} padded rows of the vocabulary, which mean no token; {} are kept",
                    path,
                    file.storedRows() - config.vocabularySize(),
                    config.vocabularySize());
        }
        byte[] configBytes = own.toJson().getBytes(StandardCharsets.UTF_8);
        return of(config, weights, options, tokenizer, configBytes, changes(own, config));
    }

    private static Pretrained open(WeightsFile file, Path path, LoadOptions options) throws IOException {
        Path directory = directory(path);
        Path configFile = configFile(directory);
        Gpt2Config declared = Gpt2Config.read(configFile, options.activation());
        Gpt2Config config = declared.withEndOfTextIdsOf(directory.resolve(GENERATION_CONFIG));
        Tokenizer tokenizer =
                ModelTokenizer.of(directory, config.vocabularySize()).tokenizer();
        Gpt2Weights weights =
                Gpt2Weights.load(file, config, path, options.kernels().product(), options.precision());
        String changes = changes(declared, config);
        if (options.activation().isPresent()
                && !Gpt2Config.declares(configFile, options.activation().get())) {
            changes = activation(config) + changes;
        }
        return of(config, weights, options, tokenizer, Files.readAllBytes(configFile), changes);
    }

    /**
     * Returns a model of this shape that nobody trained, made in memory: the model that a file with {@link RandomWeights} of
     * that seed holds. It has GPT-2's own tokenizer if it has as many ids, else it takes token ids only.
     *
     * @param seed of the weights
     */
    public static Pretrained random(Gpt2Config shape, long seed, LoadOptions options) throws IOException {
        Gpt2Config config = chosen(shape, options);
        try (RandomWeights file = new RandomWeights(config, seed)) {
            Gpt2Weights weights = Gpt2Weights.load(
                    file, config, Path.of(file.describe()), options.kernels().product(), options.precision());
            // Numbers that come from no file have no stored bytes to tell them apart, but a seed.
            byte[] configBytes = (shape.toJson() + file.describe()).getBytes(StandardCharsets.UTF_8);
            Tokenizer tokenizer = ModelTokenizer.gpt2OrNone(config.vocabularySize(), file.describe());
            return of(config, weights, options, tokenizer, configBytes, changes(shape, config));
        }
    }

    private static Gpt2Config chosen(Gpt2Config config, LoadOptions options) {
        return options.activation().map(config::withActivation).orElse(config);
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

    private static Pretrained of(
            Gpt2Config config,
            Gpt2Weights weights,
            LoadOptions options,
            Tokenizer tokenizer,
            byte[] configBytes,
            String changes) {
        // The revision says what the answers are a function of, so a config that was changed is another one.
        return new Pretrained(
                new Gpt2(config, weights, options.kernels()),
                weights,
                tokenizer,
                revision(weights, configBytes, changes.getBytes(StandardCharsets.UTF_8), tokenizer),
                options.precision());
    }

    /** Returns the tokenizer alone of a model, which {@link #open(Path)} would have; as {@link ModelTokenizer#open}. */
    public static Tokenizer openTokenizer(Path directoryOrFile) throws IOException {
        return ModelTokenizer.open(directoryOrFile).tokenizer();
    }

    /**
     * Returns the config alone of a model, which {@link #open(Path)} would have. Reads no weights, but makes sure that there
     * are some.
     *
     * @throws InvalidModelException if something is missing or wrong; as {@link #open(Path, LoadOptions)}
     */
    public static Gpt2Config openConfig(Path directoryOrFile) throws IOException {
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

    private static String revision(Gpt2Weights weights, byte[] config, byte[] changes, Tokenizer tokenizer) {
        MessageDigest digest = Digests.sha256();
        digest.update(weights.sha256().getBytes(StandardCharsets.UTF_8));
        digest.update(config);
        digest.update(changes);
        tokenizer.updateDigest(digest);
        return HexFormat.of().formatHex(digest.digest(), 0, REVISION_BYTES);
    }

    /** Returns the forward pass. */
    public Gpt2 model() {
        return model;
    }

    public Gpt2Config config() {
        return model.config();
    }

    public Gpt2Weights weights() {
        return weights;
    }

    public Tokenizer tokenizer() {
        return tokenizer;
    }

    /** Returns the compiler of constraints for this model's vocabulary, which is made when it is first asked for. */
    public Supplier<ConstraintCompiler> constraints() {
        return constraints;
    }

    /** Returns how the weight matrices are kept in memory: the numeric mode of what is computed. */
    public Precision precision() {
        return precision;
    }

    /** Returns the first 16 hexadecimal digits of a SHA-256 over weights, config and tokenizer. */
    public String revision() {
        return revision;
    }
}
