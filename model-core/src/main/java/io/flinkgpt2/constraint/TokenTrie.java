package io.flinkgpt2.constraint;

import io.flinkgpt2.tokenizer.Tokenizer;
import java.util.Arrays;

/**
 * The bytes of a vocabulary's tokens, as a tree in which tokens that begin alike share their beginning. Added tokens and ids
 * without bytes are not in it. Immutable.
 *
 * <p>The nodes stand in the order of a walk that visits each node before its children, so that a walk is a loop over arrays which
 * skips the nodes below one that leads nowhere.
 */
final class TokenTrie {
    private final int vocabularySize;

    /** The byte that leads to each node. */
    private final byte[] bytes;
    /** The depth of each node, 1 or more. */
    private final int[] depths;
    /** The node behind the last descendant of each node. */
    private final int[] skips;

    /** The tokens that end at a node, {@code tokens[firstToken[node]]} to {@code tokens[firstToken[node + 1] - 1]}. */
    private final int[] firstToken;

    private final int[] tokens;

    /** The bytes of each id, one id behind the other. */
    private final byte[] text;

    private final int[] textStarts;
    private final int deepest;

    /** Whether each byte has a token of its own. */
    private final boolean[] singleBytes = new boolean[256];

    /** @param vocabularySize number of logits; ids from there on are left out */
    TokenTrie(Tokenizer tokenizer, int vocabularySize) {
        this.vocabularySize = vocabularySize;
        byte[][] ofId = new byte[vocabularySize][];
        this.textStarts = new int[vocabularySize + 1];
        int total = 0;
        int count = 0;
        for (int id = 0; id < vocabularySize; id++) {
            textStarts[id] = total;
            if (tokenizer.contains(id) && !tokenizer.isAdded(id)) {
                ofId[id] = tokenizer.bytes(id);
                total += ofId[id].length;
                count += ofId[id].length == 0 ? 0 : 1;
            }
        }
        textStarts[vocabularySize] = total;
        this.text = new byte[total];
        Integer[] sorted = new Integer[count];
        for (int id = 0, i = 0; id < vocabularySize; id++) {
            if (ofId[id] != null && ofId[id].length > 0) {
                System.arraycopy(ofId[id], 0, text, textStarts[id], ofId[id].length);
                sorted[i++] = id;
                if (ofId[id].length == 1) {
                    singleBytes[ofId[id][0] & 0xff] = true;
                }
            }
        }
        Arrays.sort(sorted, (a, b) -> {
            int order = Arrays.compareUnsigned(ofId[a], ofId[b]);
            return order != 0 ? order : Integer.compare(a, b);
        });
        int nodes = 0;
        byte[] before = new byte[0];
        for (Integer id : sorted) {
            nodes += ofId[id].length - common(before, ofId[id]);
            before = ofId[id];
        }
        this.bytes = new byte[nodes];
        this.depths = new int[nodes];
        this.skips = new int[nodes];
        this.firstToken = new int[nodes + 1];
        this.tokens = new int[count];
        this.deepest = fill(sorted, ofId);
    }

    private int fill(Integer[] sorted, byte[][] ofId) {
        int longest = 0;
        for (Integer id : sorted) {
            longest = Math.max(longest, ofId[id].length);
        }
        int[] open = new int[longest + 1];
        byte[] before = new byte[0];
        int node = 0;
        int token = 0;
        for (Integer id : sorted) {
            byte[] spelled = ofId[id];
            int common = common(before, spelled);
            for (int depth = common + 1; depth <= before.length && common < spelled.length; depth++) {
                skips[open[depth]] = node;
            }
            for (int i = common; i < spelled.length; i++) {
                bytes[node] = spelled[i];
                depths[node] = i + 1;
                firstToken[node] = token;
                open[i + 1] = node++;
            }
            tokens[token++] = id;
            before = spelled;
        }
        for (int depth = 1; depth <= before.length; depth++) {
            skips[open[depth]] = node;
        }
        firstToken[node] = token;
        return longest;
    }

    private static int common(byte[] a, byte[] b) {
        int mismatch = Arrays.mismatch(a, b);
        return mismatch < 0 ? a.length : mismatch;
    }

    int vocabularySize() {
        return vocabularySize;
    }

    int nodeCount() {
        return bytes.length;
    }

    /** Returns whether each byte that is marked has a token of its own. */
    boolean hasTokenOfEach(boolean[] marked) {
        for (int value = 0; value < singleBytes.length; value++) {
            if (marked[value] && !singleBytes[value]) {
                return false;
            }
        }
        return true;
    }

    /** Returns the state that the bytes of a token lead to; {@link ByteTable#NONE} also for an id without any. */
    int next(ConstraintAutomaton automaton, int state, int tokenId) {
        if (tokenId < 0 || tokenId >= vocabularySize || textStarts[tokenId] == textStarts[tokenId + 1]) {
            return ByteTable.NONE;
        }
        int next = state;
        for (int i = textStarts[tokenId]; i < textStarts[tokenId + 1] && next != ByteTable.NONE; i++) {
            next = automaton.next(next, text[i] & 0xff);
        }
        return next;
    }

    /** Takes a token that may follow, and the state that it leads to. */
    @FunctionalInterface
    interface Visitor {
        void accept(int tokenId, int state);
    }

    /** Visits each token whose bytes lead somewhere. */
    void walk(ConstraintAutomaton automaton, int state, Visitor visitor) {
        int[] states = new int[deepest + 1];
        states[0] = state;
        for (int node = 0; node < bytes.length; ) {
            int depth = depths[node];
            int next = automaton.next(states[depth - 1], bytes[node] & 0xff);
            if (next == ByteTable.NONE) {
                node = skips[node];
                continue;
            }
            states[depth] = next;
            for (int i = firstToken[node]; i < firstToken[node + 1]; i++) {
                visitor.accept(tokens[i], next);
            }
            node++;
        }
    }
}
