package io.flinkgpt2.generation;

import io.flinkgpt2.tokenizer.Tokenizer;
import io.flinkgpt2.tokenizer.Vocabulary;
import io.flinkgpt2.weights.Gguf;
import io.flinkgpt2.weights.GgufMetadata;
import io.flinkgpt2.weights.InvalidModelException;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The tokenizer that a GGUF file has in its metadata; the keys are those of the format's description. */
final class GgufVocabulary {
    private static final String MODEL = "tokenizer.ggml.model";
    private static final String SPLIT_PATTERN = "tokenizer.ggml.pre";
    static final String TOKENS = "tokenizer.ggml.tokens";
    static final String MERGES = "tokenizer.ggml.merges";
    private static final String TOKEN_TYPES = "tokenizer.ggml.token_type";

    /** Models without text have no vocabulary, and say so. */
    private static final Set<String> NO_VOCABULARY = Set.of("none", "no_vocab");

    /** GPT-2's own pattern; older converters wrote no name for it, or this one. */
    private static final Set<String> SPLIT_PATTERNS = Set.of("gpt-2", "gpt2", "default");

    private static final int CONTROL = 3;
    private static final int USER_DEFINED = 4;
    private static final int LAST_TYPE = 6;

    private static final String ADVICE = "the file was made wrongly: convert the model again";

    private final Gguf file;
    private final GgufMetadata metadata;

    private GgufVocabulary(Gguf file) {
        this.file = file;
        this.metadata = file.metadata();
    }

    /**
     * The file's tokenizer, or GPT-2's own if it has none inside.
     *
     * @throws InvalidModelException if it is no byte-level BPE of GPT-2's kind, or a list is missing or of a wrong type
     */
    static Tokenizer open(Gguf file) throws IOException {
        return new GgufVocabulary(file).tokenizer();
    }

    private Tokenizer tokenizer() throws IOException {
        Optional<String> model = metadata.string(MODEL);
        Optional<List<String>> tokens = metadata.strings(TOKENS);
        if (tokens.isEmpty() && (model.isEmpty() || NO_VOCABULARY.contains(model.get()))) {
            return Tokenizer.gpt2();
        }
        requireOneOf(MODEL, model.orElseThrow(() -> missing(MODEL, "'gpt2'")), Set.of("gpt2"));
        Optional<String> splitPattern = metadata.string(SPLIT_PATTERN);
        if (splitPattern.isPresent()) {
            requireOneOf(SPLIT_PATTERN, splitPattern.get(), SPLIT_PATTERNS);
        }
        if (tokens.isEmpty()) {
            return Tokenizer.gpt2();
        }
        List<String> merges = metadata.strings(MERGES).orElseThrow(() -> missing(MERGES, "an array of strings"));
        return Tokenizer.fromVocabulary(new Vocabulary(
                file.describe(),
                file.file() + ", " + TOKENS,
                tokens.get(),
                file.file() + ", " + MERGES,
                merges,
                specialIds(tokens.get().size())));
    }

    private void requireOneOf(String key, String found, Set<String> known) throws InvalidModelException {
        if (!known.contains(found)) {
            throw metadata.invalid(
                    key,
                    InvalidModelException.quoted(found),
                    "one of " + known.stream().sorted().toList(),
                    "only byte-level BPE with GPT-2's pattern is supported");
        }
    }

    /** The ids of control and user-defined tokens, if the file gives the types of tokens. */
    private Optional<Set<Integer>> specialIds(int tokenCount) throws IOException {
        Optional<int[]> types = metadata.integers(TOKEN_TYPES);
        if (types.isEmpty()) {
            return Optional.empty();
        }
        if (types.get().length != tokenCount) {
            throw metadata.invalid(
                    TOKEN_TYPES, types.get().length + " types", tokenCount + ", one for each token", ADVICE);
        }
        Set<Integer> special = new HashSet<>();
        for (int id = 0; id < tokenCount; id++) {
            int type = types.get()[id];
            if (type < 0 || type > LAST_TYPE) {
                throw metadata.invalid(TOKEN_TYPES, type + " at index " + id, "0 to " + LAST_TYPE, ADVICE);
            }
            if (type == CONTROL || type == USER_DEFINED) {
                special.add(id);
            }
        }
        return Optional.of(special);
    }

    private InvalidModelException missing(String key, String expected) {
        return metadata.invalid(key, "no such key", expected, ADVICE);
    }
}
