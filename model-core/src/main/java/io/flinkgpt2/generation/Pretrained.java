package io.flinkgpt2.generation;

import io.flinkgpt2.model.Gpt2;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.model.Gpt2Weights;
import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.tokenizer.InvalidVocabularyException;
import io.flinkgpt2.tokenizer.Tokenizer;
import io.flinkgpt2.weights.InvalidModelException;
import io.flinkgpt2.weights.WeightsFile;
import io.flinkgpt2.weights.WeightsFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * The front door: a model and its tokenizer, loaded from a directory. Immutable, to be shared by all threads; each makes a
 * {@link Generator} of its own.
 */
public final class Pretrained {

    private static final int REVISION_BYTES = 8;

    private final Gpt2 model;
    private final Gpt2Weights weights;
    private final Tokenizer tokenizer;
    private final String revision;

    private Pretrained(Gpt2 model, Gpt2Weights weights, Tokenizer tokenizer, String revision) {
        this.model = model;
        this.weights = weights;
        this.tokenizer = tokenizer;
        this.revision = revision;
    }

    /** {@link #open(Path, Kernels)} with the best kernels of this machine. */
    public static Pretrained open(Path directory) throws IOException {
        return open(directory, Kernels.best());
    }

    /**
     * Loads {@code config.json}, the weights, and {@code vocab.json} with {@code merges.txt}; without these two the
     * tokenizer is GPT-2's own.
     *
     * @throws InvalidModelException if something is missing or wrong; names file, field or tensor, and what to do
     * @throws InvalidVocabularyException if {@code vocab.json} or {@code merges.txt} is not valid; likewise
     * @throws IOException if a file cannot be read
     */
    public static Pretrained open(Path directory, Kernels kernels) throws IOException {
        requireDirectory(directory);
        Path configFile = directory.resolve("config.json");
        if (!Files.isRegularFile(configFile)) {
            throw new InvalidModelException(
                    directory, "config.json", "nothing", "the model's config", "fetch the model's files again");
        }
        Gpt2Config config = Gpt2Config.read(configFile);
        Tokenizer tokenizer = openTokenizer(directory);
        Gpt2Weights weights;
        try (WeightsFile file = WeightsFiles.open(directory)) {
            weights = Gpt2Weights.load(file, config, directory);
        }
        String revision = revision(weights, configFile, tokenizer);
        return new Pretrained(new Gpt2(config, weights, kernels), weights, tokenizer, revision);
    }

    /**
     * The tokenizer alone of a model's directory: {@code vocab.json} with {@code merges.txt}, or GPT-2's own.
     *
     * @throws InvalidModelException if there is no such directory, or only one of the two files in it
     */
    public static Tokenizer openTokenizer(Path directory) throws IOException {
        requireDirectory(directory);
        Path vocabulary = directory.resolve("vocab.json");
        Path merges = directory.resolve("merges.txt");
        // A link whose target is missing, as in a broken download, must not silently mean GPT-2's own tokenizer.
        if (Files.notExists(vocabulary, LinkOption.NOFOLLOW_LINKS)
                && Files.notExists(merges, LinkOption.NOFOLLOW_LINKS)) {
            return Tokenizer.gpt2();
        }
        for (Path file : List.of(vocabulary, merges)) {
            if (!Files.isRegularFile(file)) {
                throw new InvalidModelException(
                        directory,
                        file.getFileName().toString(),
                        Files.exists(file) ? "something that is not a file" : "nothing",
                        "vocab.json and merges.txt, both or neither",
                        "fetch the model's files again");
            }
        }
        return Tokenizer.fromFiles(vocabulary, merges);
    }

    private static void requireDirectory(Path directory) throws InvalidModelException {
        if (!Files.isDirectory(directory)) {
            throw new InvalidModelException(
                    directory,
                    "model",
                    Files.exists(directory) ? "a file" : "nothing",
                    "a directory with config.json and model.safetensors",
                    "check the path");
        }
    }

    private static String revision(Gpt2Weights weights, Path configFile, Tokenizer tokenizer) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(weights.sha256().getBytes(StandardCharsets.UTF_8));
            digest.update(Files.readAllBytes(configFile));
            tokenizer.updateDigest(digest);
            return HexFormat.of().formatHex(digest.digest(), 0, REVISION_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** The forward pass. */
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

    /** The first 16 hexadecimal digits of a SHA-256 over weights, config and tokenizer. */
    public String revision() {
        return revision;
    }
}
