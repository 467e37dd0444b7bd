package io.flinkgpt2.hub;

import java.nio.file.Path;
import java.util.List;

/**
 * A model in the cache.
 *
 * @param name its name, as {@link HubName#parse} takes it
 * @param directory where it is
 * @param files its files in the order of their names; a piece of one that was not fetched to its end ends in {@code .part}
 * @param complete whether everything is there; else fetching it again goes on where it stopped
 */
public record CachedModel(HubName name, Path directory, List<CachedFile> files, boolean complete) {

    public CachedModel {
        files = List.copyOf(files);
    }

    /** Returns the number of bytes of all its files. */
    public long bytes() {
        return files.stream().mapToLong(CachedFile::bytes).sum();
    }

    /**
     * A file of a model.
     *
     * @param name its plain name
     * @param bytes its length
     */
    public record CachedFile(String name, long bytes) {}
}
