package io.flinkgpt2.job;

/** An option that is unknown, missing or out of range: names it, what was found and what is allowed. */
public final class InvalidOptionException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    public InvalidOptionException(String option, String found, String expected) {
        this(option, found, expected, null);
    }

    public InvalidOptionException(String option, String found, String expected, Throwable cause) {
        super(option + ": found " + found + (found.endsWith("?") ? " Expected " : ", expected ") + expected, cause);
    }
}
