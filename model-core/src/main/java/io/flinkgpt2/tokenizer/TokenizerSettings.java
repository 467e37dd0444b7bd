package io.flinkgpt2.tokenizer;

import java.util.List;

/**
 * The settings of a tokenizer beyond its vocabulary and merges.
 *
 * @param addedTokens those that are declared, with different ids and texts
 * @param undeclaredAreSpecial whether entries of the vocabulary that are neither a byte, nor made by a merge, nor declared
 *     are special tokens; else encoding never gives them
 * @param prefixSpace whether text that does not begin with a space is encoded as if it did
 * @param prefixTexts tokens that stand before every text
 * @param source what messages call the place where these are declared
 */
record TokenizerSettings(
        List<AddedToken> addedTokens,
        boolean undeclaredAreSpecial,
        boolean prefixSpace,
        List<String> prefixTexts,
        String source) {

    /** Nothing is declared. */
    static final TokenizerSettings NONE = new TokenizerSettings(List.of(), true, false, List.of(), "");

    TokenizerSettings {
        addedTokens = List.copyOf(addedTokens);
        prefixTexts = List.copyOf(prefixTexts);
    }

    /** Returns whether a vocabulary alone does the same. */
    boolean isPlain() {
        return addedTokens.isEmpty() && undeclaredAreSpecial && !prefixSpace && prefixTexts.isEmpty();
    }
}
