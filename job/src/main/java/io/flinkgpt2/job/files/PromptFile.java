package io.flinkgpt2.job.files;

import java.io.Serializable;

/**
 * A file of prompts.
 *
 * @param path of Flink's file systems: a URI with a scheme
 * @param name the path below the directory, or below the part of the glob without wildcards, that was given; of a file that was given
 *     by itself its bare name
 * @param root which of the inputs that were given it belongs to, from 0
 * @param length in bytes, compressed as it is
 * @param modified when it was last changed, in milliseconds since the epoch
 */
public record PromptFile(
        String path, String name, int root, long length, long modified, FileFormat format, Compression compression)
        implements Serializable {
    private static final long serialVersionUID = 1L;
}
