package io.flinkgpt2.generation;

import java.util.Locale;

/** The treatment of a prompt that does not fit the context. */
public enum PromptTruncation {
    /** It is refused. */
    ERROR,
    /** Its oldest tokens are dropped. */
    LEFT,
    /** Its newest tokens are dropped. */
    RIGHT;

    /** As {@code truncate_prompt} of a request has it. */
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
