package io.flinkgpt2.constraint;

/**
 * The automata of any JSON object and any JSON array, down to a fixed depth. A value inside that is an object or array again is
 * one transition of theirs, and a stack says where to go on behind it. Immutable.
 *
 * <p>A free state is an int: 8 bits for the state in the two automata, and above them the stack, one bit for each open object
 * or array around the innermost, below a leading 1.
 */
final class FreeJson {
    /** Most objects and arrays within each other; the innermost hold scalars only. */
    static final int DEPTH = 10;

    /** The result of a step that ends the outermost object or array. */
    static final int ENDED = -2;

    private static final int LOCAL_BITS = 8;

    /** Number of bits of a free state. */
    static final int BITS = LOCAL_BITS + DEPTH;

    private static final int LOCAL_MASK = (1 << LOCAL_BITS) - 1;
    private static final int EMPTY_STACK = 1;

    private final ByteTable objects;
    private final ByteTable arrays;
    private final int objectAfterOpen;
    private final int arrayAfterOpen;

    /** Where an object or array goes on behind a nested one. */
    private final int objectAfterValue;

    private final int arrayAfterValue;

    FreeJson() {
        try {
            objects = table(Nfa.ANY_OBJECT);
            arrays = table(Nfa.ANY_ARRAY);
        } catch (InvalidConstraintException e) {
            throw new IllegalStateException("free JSON values do not fit into the limits of a constraint", e);
        }
        if (objects.states() + arrays.states() > LOCAL_MASK + 1) {
            throw new IllegalStateException("free JSON values have " + objects.states() + " + " + arrays.states()
                    + " states, expected at most " + (LOCAL_MASK + 1));
        }
        objectAfterOpen = objects.next(0, '{');
        arrayAfterOpen = objects.states() + arrays.next(0, '[');
        objectAfterValue = afterValue(objects, 0);
        arrayAfterValue = afterValue(arrays, objects.states());
    }

    private static ByteTable table(int label) throws InvalidConstraintException {
        Budget budget = new Budget();
        Nfa nfa = new Nfa(budget);
        int start = nfa.newState();
        int end = nfa.newState();
        new JsonEmitter(nfa).addFreeBody(label, start, end);
        return Determinizer.table(nfa.toAutomaton(start, end), budget);
    }

    private static int afterValue(ByteTable table, int base) {
        int after = ByteTable.NONE;
        for (int state = 0; state < table.states(); state++) {
            for (int label = Nfa.ANY_OBJECT; label <= Nfa.ANY_ARRAY; label++) {
                int target = table.next(state, label);
                if (target != ByteTable.NONE) {
                    if (after != ByteTable.NONE && after != target) {
                        throw new IllegalStateException("nested values lead to two states");
                    }
                    after = target;
                }
            }
        }
        return base + after;
    }

    /** Returns the state right after the first byte of an object or array. */
    int open(int label) {
        return EMPTY_STACK << LOCAL_BITS | (label == Nfa.ANY_OBJECT ? objectAfterOpen : arrayAfterOpen);
    }

    /** Returns the state that a byte leads to, or {@link ByteTable#NONE}, or {@link #ENDED}. */
    int next(int state, int value) {
        int local = state & LOCAL_MASK;
        int stack = state >>> LOCAL_BITS;
        boolean inObject = local < objects.states();
        ByteTable table = inObject ? objects : arrays;
        int base = inObject ? 0 : objects.states();
        int next = table.next(local - base, value);
        if (next == ByteTable.NONE) {
            return opened(table, local - base, inObject, stack, value);
        }
        if (!table.isAccepting(next)) {
            return stack << LOCAL_BITS | base + next;
        }
        if (stack == EMPTY_STACK) {
            return ENDED;
        }
        return stack >>> 1 << LOCAL_BITS | ((stack & 1) == 0 ? objectAfterValue : arrayAfterValue);
    }

    private int opened(ByteTable table, int local, boolean inObject, int stack, int value) {
        if ((value != '{' && value != '[') || stack >>> (DEPTH - 1) != 0) {
            return ByteTable.NONE;
        }
        if (table.next(local, value == '{' ? Nfa.ANY_OBJECT : Nfa.ANY_ARRAY) == ByteTable.NONE) {
            return ByteTable.NONE;
        }
        int inner = value == '{' ? objectAfterOpen : arrayAfterOpen;
        return (stack << 1 | (inObject ? 0 : 1)) << LOCAL_BITS | inner;
    }

    /** Marks each byte that some state has. */
    void markLabels(boolean[] labels) {
        objects.markLabels(labels);
        arrays.markLabels(labels);
    }
}
