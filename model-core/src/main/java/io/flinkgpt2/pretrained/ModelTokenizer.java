package io.flinkgpt2.pretrained;

import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.tokenizer.InvalidVocabularyException;
import io.flinkgpt2.tokenizer.Tokenizer;
import io.flinkgpt2.tokenizer.TokenizerDirectory;
import io.flinkgpt2.weights.Gguf;
import io.flinkgpt2.weights.InvalidModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A model's tokenizer, with the number of ids that the model has.
 *
 * @param tokenizer of the model; never GPT-2's in place of another
 * @param rows ids run from 0 to this, exclusive: the rows of the token embedding
 */
public record ModelTokenizer(Tokenizer tokenizer, int rows) {

    private static final String FETCH_AGAIN = "fetch the model's files again";

    /**
     * Opens the tokenizer alone of a model, the one that {@link Pretrained#open(Path)} would have.
     *
     * @param directoryOrFile if it is not a GGUF file, may be without weights, and with a vocabulary without a config
     * @throws InvalidModelException if there is no such path, or only a part of the files
     * @throws InvalidVocabularyException if the vocabulary is not valid
     */
    public static ModelTokenizer open(Path directoryOrFile) throws IOException {
        ModelLoader.requireExists(directoryOrFile);
        Optional<Path> gguf = Gguf.find(directoryOrFile);
        if (gguf.isPresent()) {
            try (Gguf file = Gguf.open(gguf.get())) {
                return of(file, Gpt2Config.read(file).vocabularySize());
            }
        }
        Path directory = ModelLoader.directory(directoryOrFile);
        if (Files.isRegularFile(directoryOrFile) || holdsCheckpoint(directory)) {
            return of(directory, Pretrained.openConfig(directoryOrFile).vocabularySize());
        }
        boolean alone =
                Files.notExists(directory.resolve("config.json")) && !new TokenizerDirectory(directory).isEmpty();
        if (alone) {
            Tokenizer tokenizer = inDirectory(directory, 0);
            return new ModelTokenizer(tokenizer, tokenizer.vocabularySize());
        }
        // A file may be a checkpoint with its config inside; a directory need not have weights yet.
        boolean configBeside = Files.isDirectory(directoryOrFile) && Files.exists(directory.resolve("config.json"));
        Gpt2Config config = configBeside
                ? Gpt2Config.read(ModelLoader.configFile(directory))
                : Pretrained.openConfig(directoryOrFile);
        return of(directory, config.vocabularySize());
    }

    /** Returns whether the config of a directory is inside its weights: nanoGPT writes no other file. */
    private static boolean holdsCheckpoint(Path directory) {
        return Files.notExists(directory.resolve("config.json")) && Files.exists(directory.resolve("ckpt.pt"));
    }

    /** Returns the tokenizer that a GGUF file has inside; nothing beside it is read. */
    static ModelTokenizer of(Gguf file, int rows) throws IOException {
        return new ModelTokenizer(GgufVocabulary.open(file, rows), rows);
    }

    /** Returns the tokenizer of a directory with weights in another format. */
    static ModelTokenizer of(Path directory, int rows) throws IOException {
        return new ModelTokenizer(inDirectory(directory, rows), rows);
    }

    private static Tokenizer inDirectory(Path path, int rows) throws IOException {
        TokenizerDirectory directory = new TokenizerDirectory(path);
        boolean vocabulary = directory.has(TokenizerDirectory.VOCABULARY);
        boolean merges = directory.has(TokenizerDirectory.MERGES);
        boolean whole = directory.has(TokenizerDirectory.TOKENIZER);
        if (whole) {
            requireFile(path, TokenizerDirectory.TOKENIZER, "a tokenizer");
        }
        if (whole && !(vocabulary && merges)) {
            return directory.fromTokenizerJson();
        }
        if (vocabulary || merges) {
            for (String file : List.of(TokenizerDirectory.VOCABULARY, TokenizerDirectory.MERGES)) {
                requireFile(path, file, "vocab.json and merges.txt, both or neither");
            }
            return directory.fromVocabularyFiles();
        }
        Optional<String> other = directory.otherKind();
        if (other.isPresent()) {
            return Tokenizer.tokenIdsOnly(other.get());
        }
        Optional<Tokenizer> none = ofNoTokenizer(rows, path.toString());
        return none.isPresent() ? none.get() : directory.gpt2();
    }

    /** Returns a tokenizer that takes no text, for a model that brings none and cannot have GPT-2's; empty if it can. */
    private static Optional<Tokenizer> ofNoTokenizer(int rows, String where) {
        int gpt2 = Tokenizer.gpt2().vocabularySize();
        return rows == gpt2
                ? Optional.empty()
                : Optional.of(Tokenizer.tokenIdsOnly(where + " has no tokenizer (vocab.json and merges.txt, or"
                        + " tokenizer.json), and GPT-2's has " + gpt2 + " tokens where this model has " + rows));
    }

    /**
     * GPT-2's own tokenizer for a model that brings none, if it has as many rows as that has tokens; else one that takes no
     * text.
     *
     * @param where what messages call the model
     */
    static Tokenizer gpt2OrNone(int rows, String where) {
        return ofNoTokenizer(rows, where).orElseGet(Tokenizer::gpt2);
    }

    /** A link whose target is missing, as in a broken download, is not a missing file. */
    private static void requireFile(Path directory, String name, String expected) throws InvalidModelException {
        Path file = directory.resolve(name);
        if (!Files.isRegularFile(file)) {
            throw new InvalidModelException(
                    directory,
                    name,
                    Files.exists(file) ? "something that is not a file" : "nothing",
                    expected,
                    FETCH_AGAIN);
        }
    }
}
