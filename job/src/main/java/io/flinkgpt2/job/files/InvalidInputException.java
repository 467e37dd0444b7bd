package io.flinkgpt2.job.files;

/** Files of prompts that were named and cannot be read as they were named: names them, what was found and what is allowed. */
public final class InvalidInputException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /** @param input the file, directory or glob */
    public InvalidInputException(String input, String found, String expected) {
        super(input + ": found " + found + ", expected " + expected);
    }
}
