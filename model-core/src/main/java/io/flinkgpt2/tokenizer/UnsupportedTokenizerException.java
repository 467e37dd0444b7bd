package io.flinkgpt2.tokenizer;

import java.nio.file.Path;

/** A tokenizer that is read without fault but is of a kind that cannot be run here; its model takes token ids only. */
final class UnsupportedTokenizerException extends Exception {
    private static final long serialVersionUID = 1L;

    /**
     * @param what the part of the tokenizer, such as {@code the normalizer}
     * @param found what it is
     * @param expected what is supported
     */
    UnsupportedTokenizerException(Path file, String what, String found, String expected) {
        super(file + ": found " + what + " " + found + ", and only " + expected + " is supported");
    }
}
