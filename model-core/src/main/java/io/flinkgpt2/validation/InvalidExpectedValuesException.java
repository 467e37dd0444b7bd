package io.flinkgpt2.validation;

import java.io.IOException;
import java.nio.file.Path;

/** A file of expected values that cannot be used: says which field, what was found, what was expected and what to do. */
public final class InvalidExpectedValuesException extends IOException {
    private static final long serialVersionUID = 1L;

    InvalidExpectedValuesException(
            Path file, String field, String found, String expected, String advice, Throwable cause) {
        super(file + ": " + field + ": found " + found + ", expected " + expected + "; " + advice, cause);
    }
}
