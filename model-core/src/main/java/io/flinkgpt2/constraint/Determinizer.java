package io.flinkgpt2.constraint;

import java.util.Arrays;
import org.apache.lucene.util.automaton.Automaton;
import org.apache.lucene.util.automaton.Transition;

/**
 * The subset construction, within a budget of states, memory and steps.
 *
 * <p>Lucene's own counts the sets that it has taken, not those that wait, so it may hold far more than its limit before it gives
 * up. This one counts what it stores.
 */
final class Determinizer {
    /** One more than the highest label. */
    private static final int LABELS = Nfa.ANY_ARRAY + 1;

    /** Most members of all sets together: 8 MB. */
    private static final int MOST_MEMBERS = 2_000_000;

    private final Automaton nfa;
    private final Budget budget;
    private final ByteTable.Builder table = new ByteTable.Builder();

    /** The members of all sets, each set in ascending order; a set is a state of the result. */
    private int[] members = new int[256];

    private int memberCount;

    /** The place of each set's first member, and of its end. */
    private int[] starts = new int[64];

    private int sets;

    /** An open hash table of set + 1. */
    private int[] hashed = new int[128];

    /** The targets of the transitions in a range of labels. */
    private int[][] targets = new int[LABELS][8];

    private final int[] targetCounts = new int[LABELS];
    private final boolean[] bounds = new boolean[LABELS + 1];
    private final int[] rangeOf = new int[LABELS + 1];

    private Determinizer(Automaton nfa, Budget budget) {
        this.nfa = nfa;
        this.budget = budget;
    }

    /**
     * Returns the deterministic automaton of the same language, whose start is state 0. From each of its states the end can be
     * reached if that holds of the given one.
     *
     * @param nfa with at least one state
     */
    static ByteTable table(Automaton nfa, Budget budget) throws InvalidConstraintException {
        return new Determinizer(nfa, budget).run();
    }

    private ByteTable run() throws InvalidConstraintException {
        members[memberCount++] = 0;
        starts[1] = 1;
        find(0);
        Transition transition = new Transition();
        for (int set = 0; set < sets; set++) {
            int first = starts[set];
            int end = starts[set + 1];
            table.beginState(accepts(first, end));
            Arrays.fill(bounds, false);
            budget.spend(LABELS / 8 + end - first);
            for (int i = first; i < end; i++) {
                int count = nfa.initTransition(members[i], transition);
                for (int j = 0; j < count; j++) {
                    nfa.getNextTransition(transition);
                    bounds[transition.min] = true;
                    bounds[transition.max + 1] = true;
                }
            }
            int ranges = 0;
            for (int label = 0; label < LABELS; label++) {
                ranges += bounds[label] ? 1 : 0;
                rangeOf[label] = ranges - 1;
                if (bounds[label]) {
                    targetCounts[ranges - 1] = 0;
                }
            }
            collect(first, end, transition);
            addTransitions();
        }
        return table.build();
    }

    private boolean accepts(int first, int end) {
        for (int i = first; i < end; i++) {
            if (nfa.isAccept(members[i])) {
                return true;
            }
        }
        return false;
    }

    /** Hands the target of each transition to the ranges of labels that it covers. */
    private void collect(int first, int end, Transition transition) throws InvalidConstraintException {
        for (int i = first; i < end; i++) {
            int count = nfa.initTransition(members[i], transition);
            for (int j = 0; j < count; j++) {
                nfa.getNextTransition(transition);
                int last = rangeOf[transition.max];
                budget.spend(1 + last - rangeOf[transition.min]);
                for (int range = rangeOf[transition.min]; range <= last; range++) {
                    if (targetCounts[range] == targets[range].length) {
                        targets[range] = Arrays.copyOf(targets[range], 2 * targetCounts[range]);
                    }
                    targets[range][targetCounts[range]++] = transition.dest;
                }
            }
        }
    }

    private void addTransitions() throws InvalidConstraintException {
        for (int label = 0; label < LABELS; ) {
            int end = label + 1;
            while (end < LABELS && !bounds[end]) {
                end++;
            }
            if (rangeOf[label] >= 0 && targetCounts[rangeOf[label]] > 0) {
                table.add(label, end - 1, target(targets[rangeOf[label]], targetCounts[rangeOf[label]]));
            }
            label = end;
        }
    }

    /** Returns the state of a set, which is new if no state has it. */
    private int target(int[] set, int count) throws InvalidConstraintException {
        budget.spend(count);
        if (count > 1) {
            Arrays.sort(set, 0, count);
        }
        if (memberCount + count > members.length) {
            members = Arrays.copyOf(members, Math.max(memberCount + count, 2 * members.length));
        }
        int end = memberCount;
        for (int i = 0; i < count; i++) {
            if (i == 0 || set[i] != set[i - 1]) {
                members[end++] = set[i];
            }
        }
        if (sets + 2 > starts.length) {
            starts = Arrays.copyOf(starts, 2 * starts.length);
        }
        starts[sets + 1] = end;
        return find(sets);
    }

    /** Returns the number of the set that stands behind all others, or of its equal; keeps it if it is new. */
    private int find(int candidate) throws InvalidConstraintException {
        int first = starts[candidate];
        int end = starts[candidate + 1];
        int mask = hashed.length - 1;
        int place = hash(first, end) & mask;
        for (; hashed[place] != 0; place = (place + 1) & mask) {
            budget.spend(1);
            int other = hashed[place] - 1;
            if (Arrays.equals(members, starts[other], starts[other + 1], members, first, end)) {
                return other;
            }
        }
        if (end > MOST_MEMBERS || sets == Budget.MOST_STATES) {
            throw Budget.tooManyStates(Budget.MOST_STATES);
        }
        hashed[place] = candidate + 1;
        memberCount = end;
        sets++;
        if (2 * sets > hashed.length) {
            rehash();
        }
        return candidate;
    }

    private int hash(int first, int end) {
        int hash = 1;
        for (int i = first; i < end; i++) {
            hash = (hash ^ members[i]) * 0x9E3779B1;
            hash ^= hash >>> 15;
        }
        return hash;
    }

    private void rehash() {
        hashed = new int[2 * hashed.length];
        int mask = hashed.length - 1;
        for (int set = 0; set < sets; set++) {
            int place = hash(starts[set], starts[set + 1]) & mask;
            while (hashed[place] != 0) {
                place = (place + 1) & mask;
            }
            hashed[place] = set + 1;
        }
    }
}
