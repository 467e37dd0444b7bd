package io.flinkgpt2.model;

import io.flinkgpt2.tensor.Kernels;

/**
 * Keys and values of the positions that one sequence has seen; logically {@code [2, capacity, heads, headSize]} for each
 * layer.
 *
 * <p>Positions lie in blocks of {@value #BLOCK_POSITIONS} that are taken from a pool as the sequence grows and go back at
 * {@link #reset}. Within a block and a layer the keys lie in stripes of {@value #KEY_STRIPE} positions, transposed once all
 * of them are there, {@code [stripe][head][headSize][position]}, so that the scores of neighbouring positions are neighbouring
 * lanes, and all keys that a step reads lie one behind the other. The last stripe is open until then: its positions lie in
 * rows, {@code [position][headSize][head]}. The values are always in rows, {@code [position][head][headSize]}.
 *
 * <p>A cache writes only at positions from its length on, so its full blocks never change again and may be held by other
 * caches too: a sequence that begins like another one {@linkplain #adopt adopts} those, and {@linkplain #adoptCopy copies}
 * the positions of a block that it shares only in part. Used by one thread at a time, as its pool is.
 */
public final class KvCache {

    /** Positions of one block. */
    public static final int BLOCK_POSITIONS = Kernels.BLOCK_POSITIONS;

    private static final int KEY_STRIPE = Kernels.KEY_STRIPE;

    private final KvBlocks pool;
    private final int layerCount;
    private final int headCount;
    private final int headSize;
    private final int capacity;
    /** Held ones first, then nulls. */
    private final KvBlock[] blocks;
    /** Their floats, in the same places. */
    private final float[][] floats;

    private int blockCount;
    private int length;
    /** Positions held or claimed by rows of the batch that is being admitted. */
    private int claimed;

    /**
     * An empty cache with a pool of its own.
     *
     * @param capacity the most positions it can hold, 1..{@code n_positions}
     */
    public KvCache(Gpt2Config config, int capacity) {
        this(new KvBlocks(config, Math.max(1, KvBlocks.blocksFor(capacity)) * KvBlocks.blockBytes(config)), capacity);
    }

    /**
     * An empty cache that shares a pool with others.
     *
     * @param capacity the most positions it can hold, 1..{@code n_positions}
     */
    public KvCache(KvBlocks pool, int capacity) {
        Gpt2Config config = pool.config();
        if (capacity < 1 || capacity > config.contextLength()) {
            throw new IllegalArgumentException("the capacity of a KV cache: found " + capacity + ", expected 1.."
                    + config.contextLength() + " (n_positions)");
        }
        this.pool = pool;
        this.layerCount = config.layerCount();
        this.headCount = config.headCount();
        this.headSize = config.headSize();
        this.capacity = capacity;
        this.blocks = new KvBlock[KvBlocks.blocksFor(capacity)];
        this.floats = new float[blocks.length][];
    }

    /** The most positions this cache can hold. */
    public int capacity() {
        return capacity;
    }

    /** Positions it holds: the next token stands at this position. */
    public int length() {
        return length;
    }

    /** Forgets all positions and gives the blocks back. */
    public void reset() {
        while (blockCount > 0) {
            pool.release(blocks[--blockCount]);
            floats[blockCount] = null;
            blocks[blockCount] = null;
        }
        length = 0;
    }

    /** Blocks held, shared ones included. */
    public int blockCount() {
        return blockCount;
    }

    /** Bytes of the blocks held, shared ones included. */
    public long byteSize() {
        return blockCount * KvBlocks.blockBytes(pool.config());
    }

    /** The {@code index}-th block, for another cache to adopt or copy from. */
    public KvBlock sharedBlock(int index) {
        if (index < 0 || index >= blockCount) {
            throw new IndexOutOfBoundsException("block " + index + " is not in a cache of " + blockCount);
        }
        return blocks[index];
    }

    /**
     * Appends the {@value #BLOCK_POSITIONS} positions of a full block, without a copy. The caller answers for it that they
     * are those of the same tokens at the same positions, with the same tokens before.
     *
     * @throws IllegalStateException if this cache does not end at the end of a block
     * @throws IllegalArgumentException if they do not fit
     */
    public void adopt(KvBlock block) {
        requireWholeBlocks(BLOCK_POSITIONS);
        pool.retain(block);
        hold(blockCount++, block);
        length += BLOCK_POSITIONS;
    }

    /**
     * Appends a copy of the first positions of a block; otherwise as {@link #adopt}. The block may be one that another
     * cache is still filling behind those.
     *
     * @param positions 1..{@value #BLOCK_POSITIONS}
     */
    public void adoptCopy(KvBlock block, int positions) {
        if (positions < 1 || positions > BLOCK_POSITIONS) {
            throw new IllegalArgumentException(
                    "positions of a block: found " + positions + ", expected 1.." + BLOCK_POSITIONS);
        }
        requireWholeBlocks(positions);
        KvBlock own = pool.take();
        hold(blockCount++, own);
        copy(block, own, positions);
        length += positions;
    }

    /** Holds {@code block}, which has the same contents, instead of the full block at {@code index}. */
    public void replace(int index, KvBlock block) {
        if (index < 0 || (index + 1) * BLOCK_POSITIONS > length) {
            throw new IndexOutOfBoundsException("block " + index + " is not full in a cache of length " + length);
        }
        pool.retain(block);
        pool.release(blocks[index]);
        hold(index, block);
    }

    private void hold(int index, KvBlock block) {
        blocks[index] = block;
        floats[index] = block.floats;
    }

    private void requireWholeBlocks(int more) {
        if (length != blockCount * BLOCK_POSITIONS) {
            throw new IllegalStateException("a cache of " + length + " positions in " + blockCount
                    + " blocks cannot adopt any, expected whole blocks of " + BLOCK_POSITIONS);
        }
        if (length + more > capacity) {
            throw new IllegalArgumentException(
                    "position " + (length + more - 1) + " does not fit a KV cache of " + capacity + " positions");
        }
    }

    /** Element {@code d} of the key of {@code head} at {@code position}; for looking into the cache. */
    public float key(int layer, int head, int position, int d) {
        checkHeld(position);
        int slot = position % BLOCK_POSITIONS;
        int element = position < closedPositions(layer, position + 1)
                ? closedKey(layer, head, slot) + d * KEY_STRIPE
                : openKey(layer, slot) + d * headCount + head;
        return block(position)[element];
    }

    /** Element {@code d} of the value of {@code head} at {@code position}; for looking into the cache. */
    public float value(int layer, int head, int position, int d) {
        checkHeld(position);
        return block(position)[valueRow(layer, position % BLOCK_POSITIONS) + head * headSize + d];
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
        for (int needed = KvBlocks.blocksFor(end); blockCount < needed; blockCount++) {
            hold(blockCount, pool.take());
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
     * Stores the key and the value of one position. Positions of a block come in order, but those from the cache's length on
     * may come again.
     *
     * @param qkv holds query, key and value, {@code n_embd} floats each, from {@code offset}
     */
    void write(int layer, int position, float[] qkv, int offset) {
        KvBlock block = blocks[position / BLOCK_POSITIONS];
        int slot = position % BLOCK_POSITIONS;
        int keys = offset + headCount * headSize;
        if (slot < block.closedStripes[layer] * KEY_STRIPE) {
            // Written again, or behind the copy of a prefix.
            for (int head = 0; head < headCount; head++) {
                int to = closedKey(layer, head, slot);
                for (int d = 0; d < headSize; d++, to += KEY_STRIPE) {
                    block.floats[to] = qkv[keys + head * headSize + d];
                }
            }
        } else {
            int to = openKey(layer, slot);
            for (int d = 0; d < headSize; d++) {
                for (int head = 0; head < headCount; head++) {
                    block.floats[to++] = qkv[keys + head * headSize + d];
                }
            }
            if (slot % KEY_STRIPE == KEY_STRIPE - 1) {
                close(block, layer, slot / KEY_STRIPE);
            }
        }
        int row = headCount * headSize;
        System.arraycopy(qkv, keys + row, block.floats, valueRow(layer, slot), row);
    }

    /** Transposes the keys of an open stripe that is full. */
    private void close(KvBlock block, int layer, int stripe) {
        float[] rows = pool.stripe;
        int to = openKey(layer, stripe * KEY_STRIPE);
        System.arraycopy(block.floats, to, rows, 0, rows.length);
        int row = headCount * headSize;
        for (int head = 0; head < headCount; head++) {
            for (int element = head; element < row; element += headCount) {
                for (int i = element; i < rows.length; i += row) {
                    block.floats[to++] = rows[i];
                }
            }
        }
        block.closedStripes[layer] = stripe + 1;
    }

    /** Copies the keys and values of the first positions of a block. */
    private void copy(KvBlock from, KvBlock to, int positions) {
        // Whole stripes: what is behind the positions is overwritten before it is read.
        int stripes = (positions + KEY_STRIPE - 1) / KEY_STRIPE;
        for (int layer = 0; layer < layerCount; layer++) {
            int keys = keysOffset(layer);
            System.arraycopy(from.floats, keys, to.floats, keys, stripes * pool.stripe.length);
            to.closedStripes[layer] = Math.min(stripes, from.closedStripes[layer]);
            int values = valueRow(layer, 0);
            System.arraycopy(from.floats, values, to.floats, values, positions * headCount * headSize);
        }
    }

    /**
     * Of the first positions, those whose keys lie in closed stripes: all of them, or up to where the open stripe begins.
     *
     * @param positions 1 or more, written in this layer
     */
    int closedPositions(int layer, int positions) {
        int last = (positions - 1) / BLOCK_POSITIONS;
        // The blocks before the last are full.
        return Math.min(positions, last * BLOCK_POSITIONS + blocks[last].closedStripes[layer] * KEY_STRIPE);
    }

    /** The blocks held, {@value #BLOCK_POSITIONS} positions each, and nulls behind them. */
    float[][] blocks() {
        return floats;
    }

    /** The block that holds {@code position}. */
    private float[] block(int position) {
        return floats[position / BLOCK_POSITIONS];
    }

    /** Where the keys of a layer begin in every block. */
    int keysOffset(int layer) {
        return 2 * layer * BLOCK_POSITIONS * headCount * headSize;
    }

    /** Where the key of a block's {@code slot}-th position begins in a closed stripe; its elements are a stripe apart. */
    private int closedKey(int layer, int head, int slot) {
        return keysOffset(layer)
                + slot / KEY_STRIPE * pool.stripe.length
                + head * headSize * KEY_STRIPE
                + slot % KEY_STRIPE;
    }

    /** Where the row of a block's {@code slot}-th position begins in an open stripe. */
    private int openKey(int layer, int slot) {
        return keysOffset(layer) + slot * headCount * headSize;
    }

    /** Where the values of a block's {@code slot}-th position begin. */
    int valueRow(int layer, int slot) {
        return ((2 * layer + 1) * BLOCK_POSITIONS + slot) * headCount * headSize;
    }
}
