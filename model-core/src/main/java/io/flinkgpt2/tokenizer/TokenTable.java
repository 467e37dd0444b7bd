package io.flinkgpt2.tokenizer;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Token id to bytes, immutable. Memory follows the number and length of the tokens, not the highest id, so a small
 * file with one enormous id costs nothing.
 */
final class TokenTable {
    /** A table without tokens. */
    static final TokenTable EMPTY = new TokenTable("none", new TreeMap<>(), Set.of());

    private final String name;
    private final int[] ids;
    private final int[] ends;
    private final byte[] pool;
    private final int longest;
    private final BitSet special = new BitSet();

    /**
     * @param name the vocabulary's name, for messages
     * @param bytesOfId every assigned id with its token's bytes
     * @param specialIds those of them that are special tokens
     */
    TokenTable(String name, SortedMap<Integer, byte[]> bytesOfId, Set<Integer> specialIds) {
        this.name = name;
        this.ids = new int[bytesOfId.size()];
        this.ends = new int[ids.length];
        this.pool = new byte
                [bytesOfId.values().stream().mapToInt(bytes -> bytes.length).sum()];
        this.longest = bytesOfId.values().stream()
                .mapToInt(bytes -> bytes.length)
                .max()
                .orElse(0);
        int index = 0;
        int end = 0;
        for (Map.Entry<Integer, byte[]> entry : bytesOfId.entrySet()) {
            byte[] bytes = entry.getValue();
            System.arraycopy(bytes, 0, pool, end, bytes.length);
            end += bytes.length;
            ids[index] = entry.getKey();
            ends[index] = end;
            special.set(index, specialIds.contains(entry.getKey()));
            index++;
        }
    }

    /** Highest id + 1; 0 without tokens. */
    int size() {
        return ids.length == 0 ? 0 : ids[ids.length - 1] + 1;
    }

    /** Length of the longest token in bytes, at least 1. */
    int longest() {
        return Math.max(1, longest);
    }

    /** Returns whether an id is assigned. */
    boolean contains(int tokenId) {
        return find(tokenId) >= 0;
    }

    /** Returns a copy of a token's bytes. */
    byte[] bytes(int tokenId) {
        int index = indexOf(tokenId);
        return Arrays.copyOfRange(pool, start(index), ends[index]);
    }

    /** Feeds a token's bytes to {@code utf8}: none of an id that is not assigned, nor of a special one that is skipped. */
    void decode(int tokenId, boolean skipSpecial, Utf8 utf8, StringBuilder out) {
        int index = find(tokenId);
        if (index < 0 || (skipSpecial && special.get(index))) {
            return;
        }
        for (int i = start(index); i < ends[index]; i++) {
            utf8.accept(pool[i], out);
        }
    }

    private int start(int index) {
        return index == 0 ? 0 : ends[index - 1];
    }

    /** Index of an id, negative if it is not assigned. */
    private int find(int tokenId) {
        if (tokenId < 0 || tokenId >= size()) {
            return -1;
        }
        boolean withoutHoles = ids.length == size();
        return withoutHoles ? tokenId : Arrays.binarySearch(ids, tokenId);
    }

    private int indexOf(int tokenId) {
        if (tokenId < 0 || tokenId >= size()) {
            throw new IllegalArgumentException("token id " + tokenId + " is outside the vocabulary " + name
                    + ", whose ids run from " + ids[0] + " to " + (size() - 1)
                    + "; was it made with another tokenizer?");
        }
        int index = find(tokenId);
        if (index < 0) {
            throw new IllegalArgumentException("token id " + tokenId + " stands for no token of the vocabulary " + name
                    + ", which assigns only " + ids.length + " of the ids from 0 to " + (size() - 1)
                    + "; was it made with another tokenizer?");
        }
        return index;
    }

    /** Feeds, for every id in ascending order: the id, 1 if special else 0, the number of bytes, the bytes. */
    void updateDigest(MessageDigest digest) {
        ByteBuffer header = ByteBuffer.allocate(3 * Integer.BYTES);
        for (int index = 0; index < ids.length; index++) {
            int start = start(index);
            int length = ends[index] - start;
            header.clear();
            header.putInt(ids[index]).putInt(special.get(index) ? 1 : 0).putInt(length);
            digest.update(header.flip());
            digest.update(pool, start, length);
        }
    }
}
