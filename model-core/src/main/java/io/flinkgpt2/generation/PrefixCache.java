package io.flinkgpt2.generation;

import io.flinkgpt2.model.KvBlock;
import io.flinkgpt2.model.KvBlocks;
import io.flinkgpt2.model.KvCache;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * The keys and values of prompts, for others that begin alike: a radix tree whose nodes are blocks of the KV cache, keyed by
 * their tokens. Whole blocks are shared; of one that is shared in part the first positions are copied. A key or value is
 * the same bits whoever computes it, so sharing changes no result.
 *
 * <p>A running sequence <em>pins</em> the nodes whose blocks it holds: a path from the root. The other nodes are idle, and
 * stand in the order of their last use, children before parents, for a path is let go from its end: so the longest unused
 * one is always a leaf. Idle blocks are given up from there when there are more of them than the budget allows, or when
 * sequences need the room. For one thread.
 */
final class PrefixCache {

    static final int BLOCK_POSITIONS = KvCache.BLOCK_POSITIONS;

    private final KvBlocks pool;
    private final int mostIdle;
    /** A tree for each salt that something is kept of. */
    private final Map<Object, PrefixNode> roots = new HashMap<>();

    private PrefixNode oldest;
    private PrefixNode newest;
    private int idleCount;
    private long evictedCount;

    /** @param mostIdle the most blocks to keep that no running sequence holds */
    PrefixCache(KvBlocks pool, int mostIdle) {
        this.pool = pool;
        this.mostIdle = mostIdle;
    }

    /** Returns the number of blocks that no running sequence holds. */
    int idleCount() {
        return idleCount;
    }

    /** Returns the number of blocks given up so far. */
    long evictedCount() {
        return evictedCount;
    }

    /**
     * Finds the longest part of {@code tokens[0, end)} that is there.
     *
     * @param salt prompts are shared only with those of an equal one
     */
    void find(int[] tokens, int end, Object salt, PrefixMatch match) {
        match.path = root(salt);
        match.wholeBlocks = 0;
        match.idleBlocks = 0;
        match.dropPart();
        for (int from = 0; from < end; from += BLOCK_POSITIONS) {
            int to = Math.min(end, from + BLOCK_POSITIONS);
            PrefixNode child = match.path.closest(tokens, from, to);
            int shared = child == null ? 0 : child.shared(tokens, from, to);
            if (shared < BLOCK_POSITIONS) {
                match.part = child;
                match.partTokens = shared;
                return;
            }
            match.path = child;
            match.wholeBlocks++;
            match.idleBlocks += child.pins == 0 ? 1 : 0;
        }
    }

    /**
     * Fills an empty cache with what was found and pins the path; {@link #release} lets it go. There must be room for the
     * match's idle blocks, an idle part, and one block to copy that to, together.
     */
    void adopt(PrefixMatch match, KvCache cache) {
        PrefixNode root = match.path;
        for (; !root.isRoot(); root = root.parent) {
            pin(root);
        }
        hold(root);
        adoptWhole(match.path, cache);
        if (match.part != null) {
            pin(match.part); // else making room for the copy might give up what is to be copied
            makeRoom(1);
            cache.adoptCopy(match.part.block, match.partTokens);
            unpin(match.part);
        }
    }

    private void adoptWhole(PrefixNode node, KvCache cache) {
        if (!node.isRoot()) {
            adoptWhole(node.parent, cache);
            cache.adopt(node.block);
        }
    }

    /**
     * Registers the next block of a prompt that a running sequence has computed, and pins it.
     *
     * @param path the node of the block before; for the first one that of {@link PrefixMatch#path}
     * @param count tokens of the block, all {@value KvCache#BLOCK_POSITIONS} but for the last
     * @return the block's node, or {@code path} if another one has these tokens and more
     */
    PrefixNode register(PrefixNode path, int[] tokens, int from, int count, KvCache cache) {
        int index = from / BLOCK_POSITIONS;
        PrefixNode closest = path.closest(tokens, from, from + count);
        if (closest != null && closest.shared(tokens, from, from + count) == count) {
            if (count < BLOCK_POSITIONS) {
                return path;
            }
            // Computed twice at the same time: from now on both hold the one that was there first.
            pin(closest);
            cache.replace(index, closest.block);
            return closest;
        }
        KvBlock block = cache.sharedBlock(index);
        pool.retain(block);
        PrefixNode node = new PrefixNode(path, Arrays.copyOfRange(tokens, from, from + count), block);
        node.pins = 1;
        path.add(node);
        dropCoveredBy(node);
        return node;
    }

    /** Gives up idle siblings whose tokens are only the first of the node's. */
    private void dropCoveredBy(PrefixNode node) {
        PrefixNode sibling = node.parent.before(node);
        while (sibling != null
                && sibling.pins == 0
                && node.shared(sibling.tokenIds, 0, sibling.tokenIds.length) == sibling.tokenIds.length) {
            evict(sibling);
            sibling = node.parent.before(node);
        }
    }

    /** Returns the path of a sequence that has nothing yet, to register its prompt under; {@link #release} lets it go. */
    PrefixNode hold(Object salt) {
        PrefixNode root = root(salt);
        hold(root);
        return root;
    }

    private void hold(PrefixNode root) {
        roots.put(root.salt, root);
        root.pins++;
    }

    /** Returns the root of a salt's tree, a new one if nothing is kept of it. */
    private PrefixNode root(Object salt) {
        PrefixNode root = roots.get(salt);
        return root == null ? PrefixNode.root(salt) : root;
    }

    /** Returns the number of salts that something is kept of. */
    int saltCount() {
        return roots.size();
    }

    /** Lets go of a path, from its end to the root. */
    void release(PrefixNode path) {
        PrefixNode root = path;
        for (; !root.isRoot(); root = root.parent) {
            unpin(root);
        }
        while (idleCount > mostIdle) {
            evict(oldest);
        }
        root.pins--;
        dropIfUnused(root);
    }

    /** Gives up idle blocks until so many can be taken from the pool. */
    void makeRoom(int blocks) {
        while (pool.availableCount() < blocks && oldest != null) {
            evict(oldest);
        }
    }

    private void pin(PrefixNode node) {
        if (node.pins++ == 0) {
            unlink(node);
        }
    }

    private void unpin(PrefixNode node) {
        if (--node.pins == 0) {
            node.older = newest;
            if (newest == null) {
                oldest = node;
            } else {
                newest.newer = node;
            }
            newest = node;
            idleCount++;
        }
    }

    private void unlink(PrefixNode node) {
        if (node.older == null) {
            oldest = node.newer;
        } else {
            node.older.newer = node.newer;
        }
        if (node.newer == null) {
            newest = node.older;
        } else {
            node.newer.older = node.older;
        }
        node.older = null;
        node.newer = null;
        idleCount--;
    }

    private void evict(PrefixNode node) {
        if (!node.isLeaf()) {
            throw new IllegalStateException("a prefix was to be given up before those that continue it");
        }
        unlink(node);
        node.parent.remove(node);
        pool.release(node.block);
        evictedCount++;
        dropIfUnused(node.parent);
    }

    private void dropIfUnused(PrefixNode node) {
        if (node.isRoot() && node.pins == 0 && node.isLeaf()) {
            roots.remove(node.salt);
        }
    }
}
