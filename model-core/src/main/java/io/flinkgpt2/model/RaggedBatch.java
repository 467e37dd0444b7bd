package io.flinkgpt2.model;

/**
 * The rows of one forward pass: each is one token of one sequence at one position. Sequences contribute as many rows as
 * they like, a chunk of a prompt or a single decoding row; nothing is padded. Reused from pass to pass.
 */
public final class RaggedBatch {

    private final int[] tokenIds;
    private final int[] positions;
    private final KvCache[] caches;
    /** Row of each set of logits, ascending. */
    private final int[] logitRows;

    private int rows;
    private int logitCount;

    /** @param capacity the most rows of one pass, 1 or more */
    public RaggedBatch(int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("rows of a batch: found " + capacity + ", expected 1 or more");
        }
        tokenIds = new int[capacity];
        positions = new int[capacity];
        caches = new KvCache[capacity];
        logitRows = new int[capacity];
    }

    /** Removes all rows. */
    public void clear() {
        for (int r = 0; r < rows; r++) {
            caches[r] = null;
        }
        rows = 0;
        logitCount = 0;
    }

    /**
     * Appends a row. The rows of one sequence go in ascending positions, the first at the length of its cache.
     *
     * @param logits whether logits are wanted for what follows this token
     * @throws IllegalStateException if the batch is full
     */
    public void add(KvCache cache, int position, int tokenId, boolean logits) {
        if (rows == tokenIds.length) {
            throw new IllegalStateException("the batch is full with " + rows + " rows");
        }
        caches[rows] = cache;
        positions[rows] = position;
        tokenIds[rows] = tokenId;
        if (logits) {
            logitRows[logitCount++] = rows;
        }
        rows++;
    }

    /** Returns the number of rows. */
    public int size() {
        return rows;
    }

    /** Returns the most rows it can hold. */
    public int capacity() {
        return tokenIds.length;
    }

    /** Returns the number of rows for which logits are wanted. */
    int logitCount() {
        return logitCount;
    }

    int tokenId(int row) {
        return tokenIds[row];
    }

    int position(int row) {
        return positions[row];
    }

    KvCache cache(int row) {
        return caches[row];
    }

    /** Returns the row of the {@code i}-th set of logits. */
    int logitRow(int i) {
        return logitRows[i];
    }
}
