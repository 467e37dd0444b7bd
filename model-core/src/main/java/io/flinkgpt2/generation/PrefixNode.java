package io.flinkgpt2.generation;

import io.flinkgpt2.model.KvBlock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A block of a {@link PrefixCache}: the tokens at its positions, given those of the nodes above. One with fewer tokens than
 * a block has positions is a leaf.
 */
final class PrefixNode {

    final PrefixNode parent;
    final int[] tokenIds;
    final KvBlock block;
    /** In the order of their tokens, so that the neighbours of what is looked for share the most with it. */
    private final List<PrefixNode> children = new ArrayList<>(0);
    /** The salt of a root's tree; null in other nodes. */
    final Object salt;
    /** Running sequences that hold the block; of a root, those that hold anything of the tree or may add to it. */
    int pins;

    /** Neighbours in the order of last use, while nobody holds the block. */
    PrefixNode older;

    PrefixNode newer;

    PrefixNode(PrefixNode parent, int[] tokenIds, KvBlock block) {
        this(parent, tokenIds, block, null);
    }

    private PrefixNode(PrefixNode parent, int[] tokenIds, KvBlock block, Object salt) {
        this.parent = parent;
        this.tokenIds = tokenIds;
        this.block = block;
        this.salt = salt;
    }

    static PrefixNode root(Object salt) {
        return new PrefixNode(null, new int[0], null, salt);
    }

    boolean isRoot() {
        return parent == null;
    }

    boolean isLeaf() {
        return children.isEmpty();
    }

    /** Returns the child that shares the most first tokens with {@code tokens[from, to)}, or null if none shares any. */
    PrefixNode closest(int[] tokens, int from, int to) {
        int place = place(tokens, from, to);
        PrefixNode below = place > 0 ? children.get(place - 1) : null;
        PrefixNode above = place < children.size() ? children.get(place) : null;
        int sharedBelow = below == null ? 0 : below.shared(tokens, from, to);
        int sharedAbove = above == null ? 0 : above.shared(tokens, from, to);
        if (Math.max(sharedBelow, sharedAbove) == 0) {
            return null;
        }
        return sharedAbove >= sharedBelow ? above : below;
    }

    /** Returns how many first tokens it shares with {@code tokens[from, to)}. */
    int shared(int[] tokens, int from, int to) {
        int mismatch = Arrays.mismatch(tokenIds, 0, tokenIds.length, tokens, from, to);
        return mismatch < 0 ? tokenIds.length : mismatch;
    }

    void add(PrefixNode child) {
        children.add(place(child.tokenIds, 0, child.tokenIds.length), child);
    }

    void remove(PrefixNode child) {
        children.remove(place(child.tokenIds, 0, child.tokenIds.length));
    }

    /** Returns the child just before {@code child} in order, or null. */
    PrefixNode before(PrefixNode child) {
        int place = place(child.tokenIds, 0, child.tokenIds.length);
        return place > 0 ? children.get(place - 1) : null;
    }

    /** Index of the first child that is not less than {@code tokens[from, to)}. */
    private int place(int[] tokens, int from, int to) {
        int low = 0;
        int high = children.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            int[] other = children.get(middle).tokenIds;
            if (Arrays.compare(other, 0, other.length, tokens, from, to) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
