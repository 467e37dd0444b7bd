package io.flinkgpt2.sampling;

/** Counts of a bounded number of tokens, in the order in which they were first seen. */
final class TokenCounts {
    private final int[] ids;
    private final int[] counts;
    /** By open addressing, 1 plus an index of {@link #ids}; 0: none. */
    private final int[] table;

    private int size;

    private TokenCounts(int[] ids, int[] counts, int[] table, int size) {
        this.ids = ids;
        this.counts = counts;
        this.table = table;
        this.size = size;
    }

    /** @param capacity maximum number of different tokens */
    TokenCounts(int capacity) {
        this(new int[capacity], new int[capacity], new int[slots(capacity)], 0);
    }

    TokenCounts fork() {
        return new TokenCounts(ids.clone(), counts.clone(), table.clone(), size);
    }

    void add(int tokenId) {
        int slot = mix(tokenId) & (table.length - 1);
        while (table[slot] > 0 && ids[table[slot] - 1] != tokenId) {
            slot = (slot + 1) & (table.length - 1);
        }
        if (table[slot] == 0) {
            ids[size] = tokenId;
            table[slot] = ++size;
        }
        counts[table[slot] - 1]++;
    }

    /** Returns the number of different tokens. */
    int size() {
        return size;
    }

    /** Returns a token, in the order of their first time. */
    int id(int index) {
        return ids[index];
    }

    /** Returns how often that token was seen, 1 or more. */
    int count(int index) {
        return counts[index];
    }

    /** Returns the size of a table that is at most half full: a power of two. */
    static int slots(int capacity) {
        return Math.max(2, Integer.highestOneBit(Math.max(1, capacity)) * 4);
    }

    /** The finaliser of MurmurHash3, so that all bits of the result depend on all of {@code hash}. */
    static int mix(int hash) {
        int h = hash;
        h = (h ^ (h >>> 16)) * 0x85EBCA6B;
        h = (h ^ (h >>> 13)) * 0xC2B2AE35;
        return h ^ (h >>> 16);
    }
}
