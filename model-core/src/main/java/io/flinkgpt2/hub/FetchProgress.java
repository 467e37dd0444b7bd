package io.flinkgpt2.hub;

/** Is told how far a fetch is, on the thread that fetches; should return soon. */
@FunctionalInterface
public interface FetchProgress {

    /** Nobody looks. */
    FetchProgress NONE = (file, done, total) -> {};

    /**
     * Called for each piece that has come, and once for a file that was there already.
     *
     * @param file plain name of the file that is being fetched
     * @param done bytes of the whole model that are there, checked or not; falls back where a server makes a file start over
     * @param total bytes of the whole model, 0 or more; grows once where an index of shards must be fetched first
     */
    void update(String file, long done, long total);
}
