package io.flinkgpt2.sql;

/** Says why a row cannot be completed, in a sentence for its user. */
final class RowException extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean overflow;

    private RowException(String message, boolean overflow, Throwable cause) {
        super(message, cause);
        this.overflow = overflow;
    }

    static RowException of(String message, Throwable cause) {
        return new RowException(message, false, cause);
    }

    /** A prompt that does not fit the context. */
    static RowException overflow(String message, Throwable cause) {
        return new RowException(message, true, cause);
    }

    /** Returns whether the prompt does not fit the context. */
    boolean isOverflow() {
        return overflow;
    }
}
