package io.flinkgpt2.pretrained;

import io.flinkgpt2.tokenizer.Tokenizer;
import io.flinkgpt2.tokenizer.Vocabulary;
import io.flinkgpt2.weights.Gguf;
import io.flinkgpt2.weights.GgufMetadata;
import io.flinkgpt2.weights.InvalidModelException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** The tokenizer that a GGUF file has in its metadata; the keys are those of the format's description. */
final class GgufVocabulary {
    private static final String MODEL = "tokenizer.ggml.model";
    private static final String SPLIT_PATTERN = "tokenizer.ggml.pre";
    static final String TOKENS = "tokenizer.ggml.tokens";
    static final String MERGES = "tokenizer.ggml.merges";
    private static final String TOKEN_TYPES = "tokenizer.ggml.token_type";
    private static final String ADD_BEGINNING = "tokenizer.ggml.add_bos_token";
    private static final String ADD_END = "tokenizer.ggml.add_eos_token";
    private static final String BEGINNING_ID = "tokenizer.ggml.bos_token_id";

    /** Models without text have no vocabulary, and say so. */
    private static final Set<String> NO_VOCABULARY = Set.of("none", "no_vocab");

    /** GPT-2's own pattern; older converters wrote no name for it, or this one. */
    private static final Set<String> SPLIT_PATTERNS = Set.of("gpt-2", "gpt2", "default");

    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int USER_DEFINED = 4;
    private static final int UNUSED = 5;
    private static final int LAST_TYPE = 6;

    private static final String ADVICE = "the file was made wrongly: convert the model again";

    private final Gguf file;
    private final GgufMetadata metadata;
    private final int rows;

    private GgufVocabulary(Gguf file, int rows) {
        this.file = file;
        this.metadata = file.metadata();
        this.rows = rows;
    }

    /**
     * Returns the file's tokenizer. It takes token ids only if it is another one than byte-level BPE of GPT-2's kind, or if
     * there is none and the model has another number of rows than GPT-2's tokenizer has tokens.
     *
     * @param rows of the token embedding
     * @throws InvalidModelException if a list is missing or of a wrong type
     */
    static Tokenizer open(Gguf file, int rows) throws IOException {
        return new GgufVocabulary(file, rows).tokenizer();
    }

    private Tokenizer tokenizer() throws IOException {
        Optional<String> model = metadata.string(MODEL);
        Optional<List<String>> tokens = metadata.strings(TOKENS);
        if (tokens.isEmpty() && (model.isEmpty() || NO_VOCABULARY.contains(model.get()))) {
            return ModelTokenizer.gpt2OrNone(rows, file.file().toString());
        }
        if (tokens.isPresent() && tokens.get().size() > rows) {
            throw metadata.invalid(
                    TOKENS,
                    tokens.get().size() + " tokens",
                    "at most " + rows + ", the rows of the token embedding",
                    ADVICE);
        }
        String kind = model.orElseThrow(() -> missing(MODEL, "'gpt2'"));
        String splitPattern = metadata.string(SPLIT_PATTERN).orElse("gpt-2");
        if (!kind.equals("gpt2")) {
            return unsupported(MODEL, kind, "'gpt2', byte-level BPE,");
        }
        if (!SPLIT_PATTERNS.contains(splitPattern)) {
            return unsupported(SPLIT_PATTERN, splitPattern, "'gpt-2'");
        }
        if (metadata.bool(ADD_END).orElse(false)) {
            return unsupported(ADD_END, "true", "false");
        }
        if (tokens.isEmpty()) {
            return ModelTokenizer.gpt2OrNone(rows, file.file().toString());
        }
        List<String> merges = metadata.strings(MERGES).orElseThrow(() -> missing(MERGES, "an array of strings"));
        return Tokenizer.fromVocabulary(new Vocabulary(
                file.describe(),
                file.file() + ", " + TOKENS,
                tokens.get(),
                file.file() + ", " + MERGES,
                merges,
                kinds(tokens.get().size()),
                beginningId(tokens.get())));
    }

    private Tokenizer unsupported(String key, String found, String expected) {
        return Tokenizer.tokenIdsOnly(file.file() + ": found " + key + " " + InvalidModelException.quoted(found)
                + ", and only " + expected + " is supported");
    }

    /** Returns the kinds of the tokens, if the file gives their types. */
    private Optional<List<Vocabulary.Kind>> kinds(int tokenCount) throws IOException {
        Optional<int[]> types = metadata.integers(TOKEN_TYPES);
        if (types.isEmpty()) {
            return Optional.empty();
        }
        if (types.get().length != tokenCount) {
            throw metadata.invalid(
                    TOKEN_TYPES, types.get().length + " types", tokenCount + ", one for each token", ADVICE);
        }
        List<Vocabulary.Kind> kinds = new ArrayList<>(tokenCount);
        for (int id = 0; id < tokenCount; id++) {
            int type = types.get()[id];
            if (type < 0 || type > LAST_TYPE) {
                throw metadata.invalid(TOKEN_TYPES, type + " at index " + id, "0 to " + LAST_TYPE, ADVICE);
            }
            kinds.add(
                    switch (type) {
                        case UNKNOWN, CONTROL -> Vocabulary.Kind.SPECIAL;
                        case USER_DEFINED -> Vocabulary.Kind.ADDED;
                        case UNUSED -> Vocabulary.Kind.UNUSED;
                        default -> Vocabulary.Kind.ORDINARY;
                    });
        }
        return Optional.of(kinds);
    }

    /**
     * Returns the id of the token that llama.cpp puts before every text, if it does; of {@code add_space_prefix} it takes no
     * notice.
     */
    private OptionalInt beginningId(List<String> tokens) throws IOException {
        if (!metadata.bool(ADD_BEGINNING).orElse(false)) {
            return OptionalInt.empty();
        }
        long id = metadata.integer(BEGINNING_ID)
                .orElseThrow(() -> missing(BEGINNING_ID, "an id, for " + ADD_BEGINNING + " is true"));
        if (id < 0 || id >= tokens.size() || tokens.get((int) id).isEmpty()) {
            throw metadata.invalid(BEGINNING_ID, String.valueOf(id), "the id of a token", ADVICE);
        }
        return OptionalInt.of((int) id);
    }

    private InvalidModelException missing(String key, String expected) {
        return metadata.invalid(key, "no such key", expected, ADVICE);
    }
}
