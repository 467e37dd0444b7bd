package io.flinkgpt2.sql;

import io.flinkgpt2.generation.PromptTruncation;
import java.util.Locale;

/** The treatment of a prompt that does not fit the context: values of {@code context-overflow-action}. */
enum ContextOverflow {
    /** The row has an error. */
    ERROR(PromptTruncation.ERROR, false),
    /** The prompt loses its newest tokens. */
    TRUNCATED_TAIL(PromptTruncation.RIGHT, false),
    /** The prompt loses its newest tokens, and the log says how many. */
    TRUNCATED_TAIL_LOG(PromptTruncation.RIGHT, true),
    /** The prompt loses its oldest tokens. */
    TRUNCATED_HEAD(PromptTruncation.LEFT, false),
    /** The prompt loses its oldest tokens, and the log says how many. */
    TRUNCATED_HEAD_LOG(PromptTruncation.LEFT, true),
    /** The row is dropped. */
    SKIPPED(PromptTruncation.ERROR, false),
    /** The row is dropped, and the log says so. */
    SKIPPED_LOG(PromptTruncation.ERROR, true);

    private final PromptTruncation truncation;
    private final boolean logged;

    ContextOverflow(PromptTruncation truncation, boolean logged) {
        this.truncation = truncation;
        this.logged = logged;
    }

    PromptTruncation truncation() {
        return truncation;
    }

    boolean isLogged() {
        return logged;
    }

    boolean skipsRow() {
        return this == SKIPPED || this == SKIPPED_LOG;
    }

    /** Returns the value as the option has it. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
