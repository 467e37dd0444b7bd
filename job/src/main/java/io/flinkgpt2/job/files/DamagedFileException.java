package io.flinkgpt2.job.files;

import java.io.IOException;

/** A file whose content cannot be read further, however often it is tried. */
public final class DamagedFileException extends IOException {
    private static final long serialVersionUID = 1L;

    /** @param message what was found, and what was expected */
    public DamagedFileException(String message, Throwable cause) {
        super(message, cause);
    }
}
