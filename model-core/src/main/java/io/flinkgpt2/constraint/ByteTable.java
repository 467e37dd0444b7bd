package io.flinkgpt2.constraint;

import java.util.Arrays;

/**
 * A deterministic automaton over bytes and the two labels of nested JSON values. Each state has its ranges of labels in
 * ascending order: most states of a constraint have one or two, so a row of 256 targets would be waste.
 */
final class ByteTable {
    /** The target where there is none. */
    static final int NONE = -1;

    private final int[] firsts;
    private final short[] mins;
    private final short[] maxes;
    private final int[] targets;
    private final boolean[] accepting;

    private ByteTable(Builder builder) {
        int states = builder.states;
        this.firsts = Arrays.copyOf(builder.firsts, states + 1);
        firsts[states] = builder.count;
        this.mins = Arrays.copyOf(builder.mins, builder.count);
        this.maxes = Arrays.copyOf(builder.maxes, builder.count);
        this.targets = Arrays.copyOf(builder.targets, builder.count);
        this.accepting = Arrays.copyOf(builder.accepting, states);
    }

    int states() {
        return accepting.length;
    }

    boolean isAccepting(int state) {
        return accepting[state];
    }

    boolean hasTransitions(int state) {
        return firsts[state] < firsts[state + 1];
    }

    /** Returns the state that a label leads to, or {@link #NONE}. */
    int next(int state, int label) {
        int low = firsts[state];
        int high = firsts[state + 1];
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (label > maxes[middle]) {
                low = middle + 1;
            } else if (label < mins[middle]) {
                high = middle;
            } else {
                return targets[middle];
            }
        }
        return NONE;
    }

    /** Marks each label that some state has. */
    void markLabels(boolean[] labels) {
        for (int i = 0; i < targets.length; i++) {
            Arrays.fill(labels, mins[i], maxes[i] + 1, true);
        }
    }

    /** Returns about how much memory this takes. */
    long bytes() {
        return 128 + 5L * accepting.length + 8L * targets.length;
    }

    /** Takes the states in the order of their numbers, each with its ranges in ascending order. */
    static final class Builder {
        private int[] firsts = new int[16];
        private boolean[] accepting = new boolean[16];
        private short[] mins = new short[16];
        private short[] maxes = new short[16];
        private int[] targets = new int[16];
        private int states;
        private int count;

        void beginState(boolean accepts) {
            if (states + 1 == firsts.length) {
                firsts = Arrays.copyOf(firsts, 2 * firsts.length);
                accepting = Arrays.copyOf(accepting, firsts.length);
            }
            accepting[states] = accepts;
            firsts[states++] = count;
        }

        /** Adds a range to the state that was begun last. */
        void add(int min, int max, int target) throws InvalidConstraintException {
            int before = count - 1;
            if (before >= firsts[states - 1] && targets[before] == target && maxes[before] == min - 1) {
                maxes[before] = (short) max;
                return;
            }
            if (count == Budget.MOST_TRANSITIONS) {
                throw Budget.tooLarge("a constraint of more than " + Budget.MOST_TRANSITIONS + " transitions");
            }
            if (count == targets.length) {
                mins = Arrays.copyOf(mins, 2 * count);
                maxes = Arrays.copyOf(maxes, 2 * count);
                targets = Arrays.copyOf(targets, 2 * count);
            }
            mins[count] = (short) min;
            maxes[count] = (short) max;
            targets[count++] = target;
        }

        ByteTable build() {
            return new ByteTable(this);
        }
    }
}
