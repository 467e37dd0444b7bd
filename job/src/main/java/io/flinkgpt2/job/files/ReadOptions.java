package io.flinkgpt2.job.files;

import java.io.Serializable;
import java.util.Objects;

/**
 * Options of reading files.
 *
 * @param promptColumn the column of a table that holds the prompt; the others become the request's metadata
 * @param separator the line that separates prompts of plain text, or null: each line is one
 */
public record ReadOptions(String promptColumn, String separator) implements Serializable {
    private static final long serialVersionUID = 1L;

    /** The column that holds the prompt unless another is named. */
    public static final String PROMPT_COLUMN = "prompt";

    public ReadOptions {
        Objects.requireNonNull(promptColumn, "promptColumn");
    }

    /** Returns the column {@value #PROMPT_COLUMN}, and a prompt a line. */
    public static ReadOptions defaults() {
        return new ReadOptions(PROMPT_COLUMN, null);
    }
}
