package io.flinkgpt2.tokenizer;

import static io.flinkgpt2.tokenizer.VocabularyFiles.quote;

import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Turns a list of merges into ranks of byte strings: byte b has rank b, what merge i (counted from 0) makes has rank
 * 256 + i.
 *
 * <p>A list of merges says which <em>pair</em> becomes a token; ranks of byte strings let any two neighbours become
 * one whose bytes together are a token. Both give the same tokens if the ranks hold exactly the merges that can happen
 * at all. A merge is dead if, inside its own bytes, some merge of lower rank always takes a part of one of its two
 * tokens first: after {@code a b}, a merge {@code a bc} never happens, since {@code abc} is by then {@code ab c}. Why
 * that is enough: when two neighbours first stand side by side, their bytes got there as they would have alone, because
 * no merge crossed their outer borders; so they go on as alone, to the one merge that makes the token, or to none.
 *
 * <p>Tokens that only dead merges make stay in the vocabulary, for decoding.
 */
final class MergeRanks {
    private static final int BYTES = 256;
    private static final int NEVER = Integer.MAX_VALUE;

    private final String vocabularySource;
    private final String mergesSource;
    private final Map<String, Integer> vocabulary;

    /** Bytes, and what live merges make, as spelled in the files. */
    private final Map<String, Integer> rankOfToken = new HashMap<>();

    private final Map<Long, Integer> rankOfPair = new HashMap<>();
    private final Set<String> dead = new HashSet<>();
    private final Set<String> deadInUse = new HashSet<>();
    private final int[] leftOfRank;
    private final int[] rightOfRank;
    private final int[] idOfRank;

    // Scratch of isPreempted.
    private int[] rightEdge = new int[64];
    private int[] leftEdge = new int[64];

    /**
     * @param vocabularySource what messages call the vocabulary
     * @param vocabulary token to id
     * @param mergesSource what messages call the list of merges
     * @param merges in rank order, spelled in the byte-level alphabet
     * @throws InvalidVocabularyException if a merge does not fit the vocabulary or the merges before it
     */
    MergeRanks(String vocabularySource, Map<String, Integer> vocabulary, String mergesSource, List<Merge> merges)
            throws InvalidVocabularyException {
        this.vocabularySource = vocabularySource;
        this.mergesSource = mergesSource;
        this.vocabulary = vocabulary;
        int ranks = BYTES + merges.size();
        leftOfRank = new int[ranks];
        rightOfRank = new int[ranks];
        idOfRank = new int[ranks];
        Arrays.fill(idOfRank, BytePairEncoder.NO_ID);
        for (int value = 0; value < BYTES; value++) {
            String token = String.valueOf(ByteLevelAlphabet.characterOf(value));
            rankOfToken.put(token, value);
            idOfRank[value] = vocabulary.getOrDefault(token, BytePairEncoder.NO_ID);
        }
        Map<String, String> placeOfPair = new HashMap<>();
        for (int i = 0; i < merges.size(); i++) {
            Merge merge = merges.get(i);
            requireInVocabulary(merge.left(), merge);
            requireInVocabulary(merge.right(), merge);
            requireInVocabulary(merge.result(), merge);
            String earlier = placeOfPair.put(merge.left() + ' ' + merge.right(), merge.place());
            if (earlier != null) {
                throw refuse(merge, "the same merge as " + earlier, "every merge once");
            }
            add(merge, BYTES + i);
        }
    }

    private void add(Merge merge, int rank) throws InvalidVocabularyException {
        Integer left = rankOfPart(merge.left(), merge);
        Integer right = rankOfPart(merge.right(), merge);
        String result = merge.result();
        if (rankOfToken.containsKey(result)) {
            return; // an earlier merge makes this token, and always gets there first
        }
        if (left == null || right == null || isPreempted(left, right)) {
            dead.add(result);
            return;
        }
        if (deadInUse.contains(result)) {
            throw refuse(merge, "a merge that makes " + quote(result), "it before the merges that use this token");
        }
        leftOfRank[rank] = left;
        rightOfRank[rank] = right;
        idOfRank[rank] = vocabulary.get(result);
        rankOfPair.put(pair(left, right), rank);
        rankOfToken.put(result, rank);
    }

    /** Returns the rank of a part of a merge, or null if only dead merges make it. */
    private Integer rankOfPart(String part, Merge merge) throws InvalidVocabularyException {
        Integer rank = rankOfToken.get(part);
        if (rank == null && !dead.contains(part)) {
            throw refuse(
                    merge,
                    "the part " + quote(part) + ", which is neither a single byte nor made by an earlier merge",
                    "merges in the order of training");
        }
        if (rank == null) {
            deadInUse.add(part);
        }
        return rank;
    }

    /**
     * Returns whether, in the bytes of {@code left} and {@code right}, a merge across the border between them happens before
     * both are whole. Both grow merge by merge, lowest rank first, leftmost first among equals; the border is at every
     * moment between one token of the right edge of {@code left} and one of the left edge of {@code right}.
     */
    private boolean isPreempted(int left, int right) {
        int above = 0;
        rightEdge = with(rightEdge, above, left);
        for (int token = left; token >= BYTES; ) {
            token = rightOfRank[token];
            rightEdge = with(rightEdge, ++above, token);
        }
        int below = 0;
        leftEdge = with(leftEdge, below, right);
        for (int token = right; token >= BYTES; ) {
            token = leftOfRank[token];
            leftEdge = with(leftEdge, ++below, token);
        }
        while (above > 0 || below > 0) {
            int growsLeft = above > 0 ? rightEdge[above - 1] : NEVER;
            int growsRight = below > 0 ? leftEdge[below - 1] : NEVER;
            int crossing = rankOfPair.getOrDefault(pair(rightEdge[above], leftEdge[below]), NEVER);
            if (crossing < growsLeft && crossing <= growsRight) {
                return true;
            }
            if (growsLeft <= growsRight) {
                above--;
            } else {
                below--;
            }
        }
        return false;
    }

    private static int[] with(int[] array, int index, int value) {
        int[] target = index < array.length ? array : Arrays.copyOf(array, 2 * array.length);
        target[index] = value;
        return target;
    }

    private static long pair(int left, int right) {
        return ((long) left << Integer.SIZE) | right;
    }

    private void requireInVocabulary(String token, Merge merge) throws InvalidVocabularyException {
        if (!vocabulary.containsKey(token)) {
            throw refuse(merge, "the token " + quote(token), "only tokens that are in " + vocabularySource);
        }
    }

    private InvalidVocabularyException refuse(Merge merge, String found, String expected) {
        return new InvalidVocabularyException(
                mergesSource,
                found + " " + merge.place(),
                expected,
                "Check that the vocabulary and the merges belong to one model");
    }

    /** Returns the byte string of each rank that encoding can yield: all 256 bytes and what live merges make; else null. */
    byte[][] bytesOfRank() {
        byte[][] bytes = new byte[idOfRank.length][];
        rankOfToken.forEach((token, rank) -> bytes[rank] = ByteLevelAlphabet.bytesOf(token));
        return bytes;
    }

    /** Token id of each rank; {@link BytePairEncoder#NO_ID} for dead merges and bytes that are not in the vocabulary. */
    int[] idOfRank() {
        return idOfRank.clone();
    }

    /** Returns whether a token of the vocabulary is a byte or made by a merge, be it a dead one; else it is a special token. */
    boolean isOrdinary(String token) {
        return rankOfToken.containsKey(token) || dead.contains(token);
    }
}
