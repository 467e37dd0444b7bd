package io.flinkgpt2.cli.common;

import java.io.IOException;

/**
 * Standard output that takes no more. Unchecked, for the writers of the JDK swallow an {@link IOException}; it ends the command
 * from wherever it writes.
 */
public final class LostOutputException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    LostOutputException(IOException cause) {
        super(
                "Standard output cannot be written (" + cause.getMessage()
                        + "), so what was printed is not complete; free space or send it elsewhere, and run the command again",
                cause);
    }

    /** Returns whether the reader has gone away, as {@code head} does when it has enough. */
    boolean isBrokenPipe() {
        return String.valueOf(getCause().getMessage()).contains("Broken pipe");
    }
}
