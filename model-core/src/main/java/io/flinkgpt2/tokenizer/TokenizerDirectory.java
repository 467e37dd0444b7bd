package io.flinkgpt2.tokenizer;

import static io.flinkgpt2.tokenizer.VocabularyFiles.quote;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A model's tokenizer in its directory: {@code vocab.json} with {@code merges.txt}, or {@code tokenizer.json}, and what
 * transformers keeps beside them. Where all three are there, the vocabulary and the merges are those of the two files, which
 * GPT-2's own repositories have; all else is that of {@code tokenizer.json}, and where the files contradict each other they are
 * refused. A tokenizer of another kind gives one that takes token ids only.
 */
public final class TokenizerDirectory {

    public static final String VOCABULARY = "vocab.json";
    public static final String MERGES = "merges.txt";
    public static final String TOKENIZER = "tokenizer.json";

    /** Files of tokenizers of other kinds, with their kind. */
    private static final List<Map.Entry<String, String>> OTHER_KINDS = List.of(
            Map.entry("vocab.txt", "WordPiece"),
            Map.entry("spiece.model", "SentencePiece"),
            Map.entry("tokenizer.model", "SentencePiece"),
            Map.entry("sentencepiece.bpe.model", "SentencePiece"),
            Map.entry("sentencepiece.model", "SentencePiece"),
            Map.entry("spm.model", "SentencePiece"));

    /** Classes of transformers that read {@code vocab.json} and {@code merges.txt} as GPT-2's does. */
    private static final Set<String> GPT2_CLASSES = Set.of(
            "GPT2Tokenizer",
            "GPT2TokenizerFast",
            "CodeGenTokenizer",
            "CodeGenTokenizerFast",
            "PreTrainedTokenizer",
            "PreTrainedTokenizerFast",
            "TokenizersBackend");

    private final Path directory;

    public TokenizerDirectory(Path directory) {
        this.directory = directory;
    }

    /** Returns whether there is a file, or a link that leads nowhere, of this name. */
    public boolean has(String file) {
        return Files.exists(directory.resolve(file), LinkOption.NOFOLLOW_LINKS);
    }

    /** Returns whether there is none of the files that a byte-level BPE can be in. */
    public boolean isEmpty() {
        return !has(VOCABULARY) && !has(MERGES) && !has(TOKENIZER);
    }

    /**
     * Returns the tokenizer of {@value #VOCABULARY} and {@value #MERGES}.
     *
     * @throws InvalidVocabularyException if a file is not valid or contradicts another; names it
     */
    public Tokenizer fromVocabularyFiles() throws IOException {
        TokenizerConfig config = TokenizerConfig.read(directory);
        Path vocabularyFile = directory.resolve(VOCABULARY);
        Path mergesFile = directory.resolve(MERGES);
        Map<String, Integer> vocabulary = VocabularyFiles.readVocabulary(vocabularyFile);
        List<Merge> merges = VocabularyFiles.readMerges(mergesFile);
        BytePairModel model = BytePairModel.of(
                VOCABULARY + "+" + MERGES, vocabularyFile.toString(), vocabulary, mergesFile.toString(), merges);
        try {
            if (!has(TOKENIZER)) {
                requireGpt2Class(config);
                return BytePairTokenizer.of(model, settings(config, vocabulary));
            }
            TokenizerJson json = TokenizerJson.read(directory.resolve(TOKENIZER));
            requireSame(json, vocabulary, merges);
            return BytePairTokenizer.of(model, settings(config, json, vocabulary));
        } catch (UnsupportedTokenizerException e) {
            return Tokenizer.tokenIdsOnly(e.getMessage());
        }
    }

    /**
     * Returns the tokenizer of {@value #TOKENIZER} alone.
     *
     * @throws InvalidVocabularyException as {@link #fromVocabularyFiles}
     */
    public Tokenizer fromTokenizerJson() throws IOException {
        TokenizerConfig config = TokenizerConfig.read(directory);
        Path file = directory.resolve(TOKENIZER);
        try {
            TokenizerJson json = TokenizerJson.read(file);
            BytePairModel model =
                    BytePairModel.of(TOKENIZER, file.toString(), json.vocabulary(), file.toString(), json.merges());
            return BytePairTokenizer.of(model, settings(config, json, json.vocabulary()));
        } catch (UnsupportedTokenizerException e) {
            return Tokenizer.tokenIdsOnly(e.getMessage());
        }
    }

    /**
     * GPT-2's own tokenizer, for a directory without a vocabulary, with what stands beside.
     *
     * @throws InvalidVocabularyException as {@link #fromVocabularyFiles}
     */
    public Tokenizer gpt2() throws IOException {
        TokenizerConfig config = TokenizerConfig.read(directory);
        BytePairModel model = Gpt2Vocabulary.MODEL;
        TokenizerSettings settings = settings(config, model.vocabulary());
        return settings.isPlain() ? Tokenizer.gpt2() : BytePairTokenizer.of(model, settings);
    }

    /**
     * Returns a clause that names the tokenizer of another kind that the directory has instead of a byte-level BPE, if it does.
     */
    public Optional<String> otherKind() throws IOException {
        for (Map.Entry<String, String> other : OTHER_KINDS) {
            if (has(other.getKey())) {
                return Optional.of("its tokenizer is " + directory.resolve(other.getKey()) + " (" + other.getValue()
                        + "), and only byte-level BPE as GPT-2 has it is supported");
            }
        }
        try {
            requireGpt2Class(TokenizerConfig.read(directory));
            return Optional.empty();
        } catch (UnsupportedTokenizerException e) {
            return Optional.of(e.getMessage());
        }
    }

    private static void requireGpt2Class(TokenizerConfig config) throws UnsupportedTokenizerException {
        String found = config.tokenizerClass().orElse("GPT2Tokenizer");
        if (!GPT2_CLASSES.contains(found)) {
            throw new UnsupportedTokenizerException(
                    config.file(), "the tokenizer_class", quote(found), "one that is GPT-2's, or a tokenizer.json,");
        }
    }

    private static TokenizerSettings settings(TokenizerConfig config, Map<String, Integer> vocabulary)
            throws InvalidVocabularyException {
        return new TokenizerSettings(
                config.addedTokens(List.of(), vocabulary),
                !config.declares(),
                config.prefixSpace().orElse(false),
                config.beginning().map(List::of).orElse(List.of()),
                config.file().toString());
    }

    private TokenizerSettings settings(TokenizerConfig config, TokenizerJson json, Map<String, Integer> vocabulary)
            throws InvalidVocabularyException, UnsupportedTokenizerException {
        TokenizerPipeline pipeline = json.pipeline();
        if (pipeline.splits() && config.prefixSpace().orElse(false)) {
            throw new UnsupportedTokenizerException(
                    config.file(), "add_prefix_space", "true beside a Split in " + TOKENIZER, "false");
        }
        boolean template = !pipeline.prefixTexts().isEmpty();
        return new TokenizerSettings(
                config.addedTokens(json.addedTokens(), vocabulary),
                false,
                config.prefixSpace().orElse(pipeline.prefixSpace()),
                template
                        ? pipeline.prefixTexts()
                        : config.beginning().map(List::of).orElse(List.of()),
                (template ? directory.resolve(TOKENIZER) : config.file()).toString());
    }

    private void requireSame(TokenizerJson json, Map<String, Integer> vocabulary, List<Merge> merges)
            throws InvalidVocabularyException {
        String file = directory.resolve(TOKENIZER).toString();
        String remedy = "Remove the file that is not the model's, or get all of them from one place";
        for (Map.Entry<String, Integer> entry : json.vocabulary().entrySet()) {
            Integer other = vocabulary.get(entry.getKey());
            if (!entry.getValue().equals(other)) {
                throw new InvalidVocabularyException(
                        file,
                        "the id " + entry.getValue() + " for the token " + quote(entry.getKey()),
                        other == null ? "only tokens that are in " + VOCABULARY : other + ", as in " + VOCABULARY,
                        remedy);
            }
        }
        List<String> expected = merges.stream().map(Merge::written).toList();
        if (!json.merges().stream().map(Merge::written).toList().equals(expected)) {
            throw new InvalidVocabularyException(
                    file, "other merges than in " + MERGES, "the same, in the same order", remedy);
        }
    }
}
