package io.flinkgpt2.constraint;

import java.util.Arrays;

/**
 * The automaton of one constraint over the bytes of UTF-8: a table of states, and behind each place of the table where any
 * object or array may stand, the states of {@link FreeJson}. From each state the end can be reached. Immutable.
 *
 * <p>States below the table's number of states are the table's. The others count, for each state that a free value may lead to,
 * the free states.
 */
final class ConstraintAutomaton {
    static final int START = 0;

    private static final int[] LABELS = {Nfa.ANY_OBJECT, Nfa.ANY_ARRAY};

    private final ByteTable table;
    private final FreeJson free;

    /** The distinct states behind free values, in ascending order. */
    private final int[] returns;

    /** @throws InvalidConstraintException if a free value may stand where another one of its kind may stand too */
    ConstraintAutomaton(ByteTable table, FreeJson free) throws InvalidConstraintException {
        this.table = table;
        this.free = free;
        boolean[] returned = new boolean[table.states()];
        int count = 0;
        for (int state = 0; state < table.states(); state++) {
            for (int label : LABELS) {
                int target = table.next(state, label);
                if (target != ByteTable.NONE) {
                    if (table.next(state, firstByte(label)) != ByteTable.NONE) {
                        throw new InvalidConstraintException(
                                "",
                                "found alternatives of anyOf that begin alike, one with any "
                                        + (label == Nfa.ANY_OBJECT ? "object" : "array")
                                        + " where another describes it, expected them to differ before that; give"
                                        + " 'properties' or 'items' in each");
                    }
                    count += returned[target] ? 0 : 1;
                    returned[target] = true;
                }
            }
        }
        this.returns = new int[count];
        for (int state = 0, i = 0; state < returned.length; state++) {
            if (returned[state]) {
                returns[i++] = state;
            }
        }
        if (((long) count << FreeJson.BITS) + table.states() > Integer.MAX_VALUE) {
            throw Budget.tooLarge("a schema with " + count + " places for any object or array");
        }
    }

    private static int firstByte(int label) {
        return label == Nfa.ANY_OBJECT ? '{' : '[';
    }

    /** Returns the state that a byte leads to, or {@link ByteTable#NONE}. */
    int next(int state, int value) {
        int states = table.states();
        if (state < states) {
            int next = table.next(state, value);
            if (next == ByteTable.NONE && (value == '{' || value == '[')) {
                int label = value == '{' ? Nfa.ANY_OBJECT : Nfa.ANY_ARRAY;
                int target = table.next(state, label);
                if (target != ByteTable.NONE) {
                    return states + (Arrays.binarySearch(returns, target) << FreeJson.BITS | free.open(label));
                }
            }
            return next;
        }
        int nested = state - states;
        int next = free.next(nested & ((1 << FreeJson.BITS) - 1), value);
        if (next == FreeJson.ENDED) {
            return returns[nested >>> FreeJson.BITS];
        }
        return next == ByteTable.NONE ? next : states + (nested >>> FreeJson.BITS << FreeJson.BITS | next);
    }

    boolean isAccepting(int state) {
        return state < table.states() && table.isAccepting(state);
    }

    /** Returns whether some byte may follow. */
    boolean hasNext(int state) {
        return state >= table.states() || table.hasTransitions(state);
    }

    /** Returns for each byte whether it may occur. */
    boolean[] bytesUsed() {
        boolean[] labels = new boolean[Nfa.ANY_ARRAY + 1];
        table.markLabels(labels);
        if (returns.length > 0) {
            free.markLabels(labels);
        }
        return Arrays.copyOf(labels, 256);
    }

    /** Returns one more than the highest state. */
    int states() {
        return table.states() + (returns.length << FreeJson.BITS);
    }

    /** Returns about how much memory this takes. */
    long bytes() {
        return table.bytes() + 4L * returns.length + 64;
    }
}
