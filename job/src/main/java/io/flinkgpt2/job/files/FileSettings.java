package io.flinkgpt2.job.files;

import java.io.Serializable;
import java.util.List;

/**
 * The files of a job.
 *
 * @param inputs files, directories and globs of prompts
 * @param format of all of them, or null: as their names say
 * @param read how they are read
 * @param output the directory for answers and dead letters, each in a directory of its own
 * @param deadLetterMaxBytes the most bytes of an original that a dead letter keeps
 */
public record FileSettings(
        List<String> inputs, FileFormat format, ReadOptions read, String output, int deadLetterMaxBytes)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Directory of the answers, below {@link #output}. */
    public static final String COMPLETIONS = "completions";

    /** Directory of the dead letters, below {@link #output}. */
    public static final String DEAD_LETTERS = "dead-letters";
}
