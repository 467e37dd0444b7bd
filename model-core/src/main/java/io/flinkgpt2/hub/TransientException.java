package io.flinkgpt2.hub;

import java.io.IOException;
import java.time.Duration;

/** Something that may work when it is tried again: a broken connection, a server that is overloaded. */
final class TransientException extends IOException {
    private static final long serialVersionUID = 1L;

    private final Duration retryAfter;

    TransientException(String message, Throwable cause) {
        super(message, cause);
        this.retryAfter = Duration.ZERO;
    }

    /** As the server says, not to be tried before the given time has passed. */
    TransientException(String message, Duration retryAfter) {
        super(message);
        this.retryAfter = retryAfter;
    }

    Duration retryAfter() {
        return retryAfter;
    }
}
