package io.flinkgpt2.constraint;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The states from which whole tokens lead to the end. Only a vocabulary that lacks single bytes needs it: with a token for each
 * byte, every state of an automaton is such a state.
 */
final class TokenReach {
    private static final int MOST_STATES = 100_000;

    /** Most visits of nodes of the vocabulary's tree, and most pairs of states with a token between them. */
    private static final long MOST_VISITS = 50_000_000;

    private static final int MOST_PAIRS = 2_000_000;

    private TokenReach() {}

    /** Returns the states in ascending order, of those that tokens lead to from the start. */
    static int[] states(ConstraintAutomaton automaton, TokenTrie trie) throws InvalidConstraintException {
        List<Integer> states = new ArrayList<>(List.of(ConstraintAutomaton.START));
        Map<Integer, Integer> indexOf = new HashMap<>(Map.of(ConstraintAutomaton.START, 0));
        List<int[]> after = new ArrayList<>();
        long pairs = 0;
        for (int i = 0; i < states.size(); i++) {
            if ((long) i * trie.nodeCount() > MOST_VISITS || states.size() > MOST_STATES || pairs > MOST_PAIRS) {
                throw new InvalidConstraintException(
                        "",
                        "found a large constraint and a vocabulary that lacks single bytes, expected one of the two only;"
                                + " use a smaller constraint");
            }
            BitSet targets = new BitSet();
            trie.walk(automaton, states.get(i), (token, state) -> {
                Integer index = indexOf.putIfAbsent(state, states.size());
                if (index == null) {
                    index = states.size();
                    states.add(state);
                }
                targets.set(index);
            });
            after.add(targets.stream().toArray());
            pairs += targets.cardinality();
        }
        return alive(automaton, states, after);
    }

    /** @param after for each state's index those of the states that a token leads to */
    private static int[] alive(ConstraintAutomaton automaton, List<Integer> states, List<int[]> after) {
        int count = states.size();
        int[] degree = new int[count];
        after.forEach(targets -> Arrays.stream(targets).forEach(target -> degree[target]++));
        int[][] before = new int[count][];
        for (int i = 0; i < count; i++) {
            before[i] = new int[degree[i]];
        }
        for (int i = 0; i < count; i++) {
            for (int target : after.get(i)) {
                before[target][--degree[target]] = i;
            }
        }
        boolean[] alive = new boolean[count];
        int[] pending = new int[count];
        int size = 0;
        for (int i = 0; i < count; i++) {
            if (automaton.isAccepting(states.get(i))) {
                alive[i] = true;
                pending[size++] = i;
            }
        }
        for (int i = 0; i < size; i++) {
            for (int source : before[pending[i]]) {
                if (!alive[source]) {
                    alive[source] = true;
                    pending[size++] = source;
                }
            }
        }
        return Arrays.stream(pending, 0, size).map(states::get).sorted().toArray();
    }
}
