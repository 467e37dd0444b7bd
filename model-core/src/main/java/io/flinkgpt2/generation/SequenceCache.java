package io.flinkgpt2.generation;

import io.flinkgpt2.model.KvCache;

/** The part of the KV cache that a running sequence has; belongs to the {@link KvCacheManager}. */
final class SequenceCache {

    /** Keys and values of the sequence's positions. */
    KvCache keysAndValues;
    /** Maximum number of blocks, reached at the sequence's end. */
    final int mostBlocks;
    /** The deepest node of the prefix cache that it holds, and with it those above; the beams of a search hold it together. */
    PrefixNode prefix;
    /** Number of blocks of its prompt that are in the prefix cache, or need not be. */
    int registeredBlocks;

    SequenceCache(KvCache keysAndValues, int mostBlocks, PrefixNode prefix, int registeredBlocks) {
        this.keysAndValues = keysAndValues;
        this.mostBlocks = mostBlocks;
        this.prefix = prefix;
        this.registeredBlocks = registeredBlocks;
    }
}
