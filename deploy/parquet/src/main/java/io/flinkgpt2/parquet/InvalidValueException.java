package io.flinkgpt2.parquet;

/** A value that is not one of its column's logical type. */
final class InvalidValueException extends Exception {
    private static final long serialVersionUID = 1L;

    /** @param message what was found, and what is expected */
    InvalidValueException(String message) {
        super(message);
    }
}
