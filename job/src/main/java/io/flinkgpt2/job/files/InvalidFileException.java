package io.flinkgpt2.job.files;

import java.io.IOException;

/** A file that cannot be read as what it is said to be; another try finds the same. The message is for its user. */
public final class InvalidFileException extends IOException {
    private static final long serialVersionUID = 1L;

    /** @param message the file, what was found, what is expected and what to do */
    public InvalidFileException(String message) {
        super(message);
    }

    /** As the other constructor, with the error that brought the fault to light. */
    public InvalidFileException(String message, Throwable cause) {
        super(message, cause);
    }
}
