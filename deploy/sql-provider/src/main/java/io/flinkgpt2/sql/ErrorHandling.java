package io.flinkgpt2.sql;

import java.util.Locale;

/** The treatment of a row that cannot be completed: values of {@code error-handling-strategy}. */
enum ErrorHandling {
    /** The row stays, its output columns are NULL, and the column {@code error} says why. */
    NULL,
    /** The row is dropped, and the log says why. */
    IGNORE,
    /** The job fails. */
    FAILOVER;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
