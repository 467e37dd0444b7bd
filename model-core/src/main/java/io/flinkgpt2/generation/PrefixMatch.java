package io.flinkgpt2.generation;

/** The part of a prompt that a {@link PrefixCache} has; filled by its lookup and valid until it changes. */
final class PrefixMatch {

    /** The last of the whole blocks; the root if there is none. */
    PrefixNode path;
    /** Whole blocks, from the beginning. */
    int wholeBlocks;
    /** How many of those no running sequence holds. */
    int idleBlocks;
    /** A block whose first positions come next, or null. */
    PrefixNode part;
    /** How many of its positions. */
    int partTokens;

    /** Returns the number of tokens of the prompt that need not be computed. */
    int tokens() {
        return wholeBlocks * PrefixCache.BLOCK_POSITIONS + partTokens;
    }

    void dropPart() {
        part = null;
        partTokens = 0;
    }
}
