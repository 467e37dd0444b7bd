package io.flinkgpt2.generation;

import io.flinkgpt2.tokenizer.Tokenizer;

/** The text of generated ids. */
final class CompletionText {

    private CompletionText() {}

    /** Special tokens are left out, and an id without a token has no text. */
    static String of(Tokenizer tokenizer, int[] tokenIds) {
        return tokenizer.decode(true, tokenIds);
    }
}
