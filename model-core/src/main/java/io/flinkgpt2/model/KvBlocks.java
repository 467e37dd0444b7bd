package io.flinkgpt2.model;

import java.util.ArrayDeque;
import java.util.Arrays;

/**
 * A pool of KV-cache blocks within a budget of bytes. Memory is allocated when a block is first needed and then kept for
 * the next that needs one, so that a steady state allocates nothing. Blocks are counted by their holders; several caches
 * may hold one. Used by one thread at a time.
 */
public final class KvBlocks {

    private final Gpt2Config config;
    private final int capacity;
    private final int blockFloats;
    /** The layout of the blocks, for the caches that share this pool. */
    final KvLayout layout;

    private final ArrayDeque<KvBlock> free = new ArrayDeque<>();
    private int allocated;

    /**
     * @param byteBudget the most bytes of blocks, at least {@link #blockBytes}; what exceeds whole blocks is left unused
     * @throws IllegalArgumentException if the budget is less than a block
     */
    public KvBlocks(Gpt2Config config, long byteBudget) {
        long blockBytes = blockBytes(config);
        if (byteBudget < blockBytes) {
            throw new IllegalArgumentException("bytes for the KV cache: found " + byteBudget + ", expected at least "
                    + blockBytes + ", one block of " + KvCache.BLOCK_POSITIONS + " positions");
        }
        this.config = config;
        this.capacity = (int) Math.min(Integer.MAX_VALUE, byteBudget / blockBytes);
        this.blockFloats = Math.toIntExact(blockBytes / Float.BYTES);
        this.layout = new KvLayout(config);
    }

    /**
     * Returns the number of bytes of one block: keys and values of {@value KvCache#BLOCK_POSITIONS} positions in all layers.
     */
    public static long blockBytes(Gpt2Config config) {
        return (long) Float.BYTES * 2 * config.layerCount() * config.embeddingSize() * KvCache.BLOCK_POSITIONS;
    }

    /** Returns the number of blocks that so many positions take. */
    public static int blocksFor(int positions) {
        return (positions + KvCache.BLOCK_POSITIONS - 1) / KvCache.BLOCK_POSITIONS;
    }

    /** Returns the configuration that the blocks are shaped for. */
    public Gpt2Config config() {
        return config;
    }

    /** Returns the most blocks that can be held at a time. */
    public int capacity() {
        return capacity;
    }

    /** Returns the number of blocks that are held by someone. */
    public int heldCount() {
        return allocated - free.size();
    }

    /** Returns the number of blocks that can still be taken. */
    public int availableCount() {
        return capacity - heldCount();
    }

    /** Returns the number of bytes of the memory allocated so far, held or not. */
    public long allocatedBytes() {
        return allocated * blockBytes(config);
    }

    /**
     * Returns a block for one holder, with whatever an earlier one left in it.
     *
     * @throws IllegalStateException if all blocks of the budget are held
     */
    KvBlock take() {
        KvBlock block = free.poll();
        if (block == null) {
            if (allocated == capacity) {
                throw new IllegalStateException(
                        "all " + capacity + " blocks of the KV cache are held, expected a free one;"
                                + " run fewer sequences or raise kv-cache.bytes");
            }
            block = new KvBlock(blockFloats, config.layerCount());
            allocated++;
        }
        Arrays.fill(block.closedStripes, 0);
        block.holders = 1;
        block.appenders = 1;
        return block;
    }

    /** Counts one holder more. */
    public void retain(KvBlock block) {
        requireHeld(block);
        block.holders++;
    }

    /** Counts one holder less; without any the block is free. */
    public void release(KvBlock block) {
        requireHeld(block);
        if (--block.holders == 0) {
            free.push(block);
        }
    }

    private static void requireHeld(KvBlock block) {
        if (block.holders == 0) {
            throw new IllegalStateException("a KV-cache block that nobody holds was used; it may be another's already");
        }
    }
}
