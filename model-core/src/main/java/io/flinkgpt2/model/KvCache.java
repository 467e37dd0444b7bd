package io.flinkgpt2.model;

import io.flinkgpt2.tensor.Kernels;

/**
 * Keys and values of the positions that one sequence has seen; logically {@code [2, capacity, heads, headSize]} for each
 * layer.
 *
 * <p>Positions lie in blocks of {@value #BLOCK_POSITIONS} that are allocated as the sequence grows and kept by
 * {@link #reset}. Within a block and a head the keys are transposed, {@code [headSize][position]}, so that the scores of
 * neighbouring positions are neighbouring lanes; the values are {@code [position][headSize]}. Used by one thread at a
 * time.
 */
public final class KvCache {

    /** Positions of one block. */
    public static final int BLOCK_POSITIONS = Kernels.BLOCK_POSITIONS;

    private final int headCount;
    private final int headSize;
    private final int capacity;
    private final int blockFloats;
    private final float[][] blocks;
    private int length;
    /** Positions held or claimed by rows of the batch that is being admitted. */
    private int claimed;

    /**
     * An empty cache.
     *
     * @param capacity the most positions it can hold, 1..{@code n_positions}
     */
    public KvCache(Gpt2Config config, int capacity) {
        if (capacity < 1 || capacity > config.contextLength()) {
            throw new IllegalArgumentException("the capacity of a KV cache: found " + capacity + ", expected 1.."
                    + config.contextLength() + " (n_positions)");
        }
        this.headCount = config.headCount();
        this.headSize = config.headSize();
        this.capacity = capacity;
        this.blockFloats = Math.multiplyExact(
                2 * config.layerCount(), Math.multiplyExact(config.embeddingSize(), BLOCK_POSITIONS));
        this.blocks = new float[(capacity + BLOCK_POSITIONS - 1) / BLOCK_POSITIONS][];
    }

    /** The most positions this cache can hold. */
    public int capacity() {
        return capacity;
    }

    /** Positions it holds: the next token stands at this position. */
    public int length() {
        return length;
    }

    /** Forgets all positions and keeps the memory. */
    public void reset() {
        length = 0;
    }

    /** Bytes of the blocks allocated so far. */
    public long byteSize() {
        long bytes = 0;
        for (float[] block : blocks) {
            bytes += block == null ? 0 : 4L * block.length;
        }
        return bytes;
    }

    /** Element {@code d} of the key of {@code head} at {@code position}; for looking into the cache. */
    public float key(int layer, int head, int position, int d) {
        checkHeld(position);
        return block(position)[keysOffset(layer, head) + d * BLOCK_POSITIONS + position % BLOCK_POSITIONS];
    }

    /** Element {@code d} of the value of {@code head} at {@code position}; for looking into the cache. */
    public float value(int layer, int head, int position, int d) {
        checkHeld(position);
        return block(position)[valuesOffset(layer, head) + position % BLOCK_POSITIONS * headSize + d];
    }

    private void checkHeld(int position) {
        if (position < 0 || position >= length) {
            throw new IndexOutOfBoundsException("position " + position + " is not in a cache of length " + length);
        }
    }

    /** Makes room for the positions up to {@code end}, exclusive. */
    void ensure(int end) {
        if (end > capacity) {
            throw new IllegalArgumentException(
                    "position " + (end - 1) + " does not fit a KV cache of " + capacity + " positions");
        }
        for (int b = (end - 1) / BLOCK_POSITIONS; b >= 0 && blocks[b] == null; b--) {
            blocks[b] = new float[blockFloats];
        }
    }

    void setLength(int length) {
        this.length = length;
    }

    /** Drops the claims of an earlier batch. */
    void unclaim() {
        claimed = length;
    }

    /** Claims {@code position} for a row; false if it is not the one that follows. */
    boolean claim(int position) {
        return position == claimed++;
    }

    /**
     * Stores the key and the value of one position.
     *
     * @param qkv holds query, key and value, {@code n_embd} floats each, from {@code offset}
     */
    void write(int layer, int position, float[] qkv, int offset) {
        float[] block = block(position);
        int slot = position % BLOCK_POSITIONS;
        int embeddingSize = headCount * headSize;
        for (int head = 0; head < headCount; head++) {
            int key = offset + embeddingSize + head * headSize;
            int to = keysOffset(layer, head) + slot;
            for (int d = 0; d < headSize; d++, to += BLOCK_POSITIONS) {
                block[to] = qkv[key + d];
            }
            System.arraycopy(qkv, key + embeddingSize, block, valuesOffset(layer, head) + slot * headSize, headSize);
        }
    }

    /** The block that holds {@code position}. */
    float[] block(int position) {
        return blocks[position / BLOCK_POSITIONS];
    }

    /** Where the transposed keys of a head begin in every block. */
    int keysOffset(int layer, int head) {
        return (2 * layer * headCount + head) * headSize * BLOCK_POSITIONS;
    }

    /** Where the values of a head begin in every block. */
    int valuesOffset(int layer, int head) {
        return ((2 * layer + 1) * headCount + head) * headSize * BLOCK_POSITIONS;
    }
}
