package io.flinkgpt2.hub;

import java.util.ArrayList;
import java.util.List;

/** Which files of a repository make a model's tokenizer. */
final class TokenizerFileNames {

    private static final String VOCABULARY = "vocab.json";
    private static final String MERGES = "merges.txt";
    private static final String TOKENIZER = "tokenizer.json";

    /** Names of the files of a byte-level BPE and of those beside it. */
    private static final List<String> BYTE_LEVEL = List.of(
            VOCABULARY, MERGES, TOKENIZER, "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json");

    /**
     * Names of tokenizers of other kinds. They cannot be used, but tell that the model has a tokenizer of its own, so that
     * GPT-2's is not taken for it.
     */
    private static final List<String> OTHER_KINDS = List.of(
            "vocab.txt",
            "spiece.model",
            "tokenizer.model",
            "sentencepiece.bpe.model",
            "sentencepiece.model",
            "spm.model");

    private TokenizerFileNames() {}

    /**
     * Returns the names that are there; those of a tokenizer of another kind only where there is no byte-level BPE.
     *
     * @throws ModelHubException if there is half a vocabulary
     */
    static List<String> choose(RepositoryTree tree, HubName name) throws ModelHubException {
        boolean vocabulary = tree.has(VOCABULARY);
        boolean merges = tree.has(MERGES);
        boolean whole = tree.has(TOKENIZER);
        if (vocabulary != merges && !whole) {
            throw new ModelHubException(
                    "model " + name,
                    vocabulary ? VOCABULARY + " without " + MERGES : MERGES + " without " + VOCABULARY,
                    "both, or a " + TOKENIZER,
                    "choose another model or revision, or ask its owner for the file");
        }
        List<String> chosen = new ArrayList<>();
        BYTE_LEVEL.stream().filter(tree::has).forEach(chosen::add);
        if (!vocabulary && !whole) {
            OTHER_KINDS.stream().filter(tree::has).forEach(chosen::add);
        }
        return chosen;
    }

    /** Returns whether a reader of the directory could take a file for a part of the tokenizer. */
    static boolean couldBelong(String file) {
        return BYTE_LEVEL.contains(file) || OTHER_KINDS.contains(file);
    }
}
