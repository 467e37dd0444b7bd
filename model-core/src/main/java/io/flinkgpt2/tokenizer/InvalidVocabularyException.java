package io.flinkgpt2.tokenizer;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A vocabulary that cannot be used. The message names the file, what was found in it, what was expected there
 * and what to do about it.
 */
public final class InvalidVocabularyException extends IOException {
    private static final long serialVersionUID = 1L;

    InvalidVocabularyException(Path file, String found, String expected, String remedy) {
        this(file, found, expected, remedy, null);
    }

    InvalidVocabularyException(Path file, String found, String expected, String remedy, Throwable cause) {
        this(file.toString(), found, expected, remedy, cause);
    }

    /** @param source the file, and what in it */
    InvalidVocabularyException(String source, String found, String expected, String remedy) {
        this(source, found, expected, remedy, null);
    }

    private InvalidVocabularyException(String source, String found, String expected, String remedy, Throwable cause) {
        super(source + ": found " + found + "; expected " + expected + ". " + remedy, cause);
    }
}
