package io.flinkgpt2.model;

import io.flinkgpt2.tensor.KvView;

/**
 * Keys and values of the positions that one sequence has seen; logically {@code [2, capacity, heads, headSize]} for each
 * layer.
 *
 * <p>Positions lie in blocks of {@value #BLOCK_POSITIONS} that are taken from a pool as the sequence grows and go back at
 * {@link #reset}; {@link KvLayout} says what lies where in a block.
 *
 * <p>A cache writes only at positions from its length on, so its full blocks never change again and may be held by other
 * caches too: a sequence that begins like another one {@linkplain #adopt adopts} those, and {@linkplain #adoptCopy copies}
 * the positions of a block that it shares only in part. Used by one thread at a time, as its pool is.
 */
public final class KvCache {

    /** Positions of one block. */
    public static final int BLOCK_POSITIONS = KvView.BLOCK_POSITIONS;

    private final KvBlocks pool;
    private final int capacity;
    /** Held ones first, then nulls. */
    private final KvBlock[] blocks;
    /** Their floats, in the same places. */
    private final float[][] floats;

    private int blockCount;
    private int length;
    /** Positions held, or claimed by rows of the {@link RaggedBatch} that is being checked. */
    private int claimed;

    /**
     * Creates an empty cache with a pool of its own.
     *
     * @param capacity the most positions it can hold, 1..{@code n_positions}
     */
    public KvCache(Gpt2Config config, int capacity) {
        this(new KvBlocks(config, Math.max(1, KvBlocks.blocksFor(capacity)) * KvBlocks.blockBytes(config)), capacity);
    }

    /**
     * Creates an empty cache that shares a pool with others.
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
        this.capacity = capacity;
        this.blocks = new KvBlock[KvBlocks.blocksFor(capacity)];
        this.floats = new float[blocks.length][];
    }

    /** Returns the most positions this cache can hold. */
    public int capacity() {
        return capacity;
    }

    /** Returns the number of positions it holds: the next token stands at this position. */
    public int length() {
        return length;
    }

    /**
     * Returns a cache with the same positions, for a sequence that goes on from here in another way. The blocks are shared; the
     * last one, if it is not full, is copied by the cache that first appends to it.
     */
    public KvCache fork() {
        KvCache fork = new KvCache(pool, capacity);
        int shared = KvBlocks.blocksFor(length);
        for (int i = 0; i < shared; i++) {
            pool.retain(blocks[i]);
            fork.hold(i, blocks[i]);
        }
        fork.blockCount = shared;
        fork.length = length;
        if (endsWithinABlock()) {
            blocks[shared - 1].appenders++;
        }
        return fork;
    }

    private boolean endsWithinABlock() {
        return length % BLOCK_POSITIONS != 0;
    }

    /** Returns the number of blocks that it takes from the pool to append positions up to {@code end}, exclusive. */
    public int blocksToAppend(int end) {
        int more = Math.max(0, KvBlocks.blocksFor(end) - blockCount);
        return more + (end > length && mustCopy() ? 1 : 0);
    }

    /** Returns whether the block that it appends to is another cache's to append to as well. */
    private boolean mustCopy() {
        return endsWithinABlock() && blocks[length / BLOCK_POSITIONS].appenders > 1;
    }

    /** Forgets all positions and gives the blocks back. */
    public void reset() {
        if (endsWithinABlock()) {
            blocks[length / BLOCK_POSITIONS].appenders--;
        }
        while (blockCount > 0) {
            pool.release(blocks[--blockCount]);
            floats[blockCount] = null;
            blocks[blockCount] = null;
        }
        length = 0;
    }

    /** Returns the number of blocks held, shared ones included. */
    public int blockCount() {
        return blockCount;
    }

    /** Returns the number of bytes of the blocks held, shared ones included. */
    public long byteSize() {
        return blockCount * KvBlocks.blockBytes(pool.config());
    }

    /** Returns the {@code index}-th block, for another cache to adopt or copy from. */
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
        pool.layout.copy(block, own, positions);
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
        return pool.layout.key(blocks[position / BLOCK_POSITIONS], layer, head, position % BLOCK_POSITIONS, d);
    }

    /** Element {@code d} of the value of {@code head} at {@code position}; for looking into the cache. */
    public float value(int layer, int head, int position, int d) {
        checkHeld(position);
        return pool.layout.value(blocks[position / BLOCK_POSITIONS], layer, head, position % BLOCK_POSITIONS, d);
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
        if (end > length && mustCopy()) {
            int index = length / BLOCK_POSITIONS;
            KvBlock shared = blocks[index];
            KvBlock own = pool.take();
            pool.layout.copy(shared, own, length % BLOCK_POSITIONS);
            hold(index, own);
            shared.appenders--;
            pool.release(shared);
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
        pool.layout.write(blocks[position / BLOCK_POSITIONS], layer, position % BLOCK_POSITIONS, qkv, offset);
    }

    /**
     * Makes {@code view} look at the first positions of a layer.
     *
     * @param positions 1 or more, written in this layer
     */
    void look(KvView view, int layer, int positions) {
        view.set(
                floats,
                pool.layout.keysOffset(layer),
                pool.layout.valuesOffset(layer),
                positions,
                closedPositions(layer, positions));
    }

    /**
     * Returns how many of the first positions have their keys in closed stripes: all of them, or up to where the open stripe
     * begins.
     */
    private int closedPositions(int layer, int positions) {
        int last = (positions - 1) / BLOCK_POSITIONS;
        // The blocks before the last are full.
        return Math.min(positions, last * BLOCK_POSITIONS + blocks[last].closedStripes[layer] * KvLayout.KEY_STRIPE);
    }
}
