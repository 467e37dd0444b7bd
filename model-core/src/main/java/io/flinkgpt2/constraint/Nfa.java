package io.flinkgpt2.constraint;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.lucene.util.automaton.Automaton;
import org.apache.lucene.util.automaton.Operations;

/**
 * A non-deterministic automaton in the making, whose parts each lead from one given state to another. Labels are bytes, or
 * code points, or the two that stand for a nested JSON value.
 */
final class Nfa {
    /** The label of any JSON object. */
    static final int ANY_OBJECT = 256;

    /** The label of any JSON array. */
    static final int ANY_ARRAY = 257;

    private static final int EPSILON = -1;

    private final Budget budget;

    /** The last edge out of each state, or -1. */
    private int[] last = new int[64];

    private int states;

    /** Four ints an edge: lowest label, highest label, target, the edge before it out of the same state. */
    private int[] edges = new int[256];

    private int edgeCount;

    Nfa(Budget budget) {
        this.budget = budget;
    }

    Budget budget() {
        return budget;
    }

    int newState() throws InvalidConstraintException {
        if (states == Budget.MOST_STATES) {
            throw Budget.tooManyStates(Budget.MOST_STATES);
        }
        if (states == last.length) {
            last = Arrays.copyOf(last, 2 * states);
        }
        last[states] = -1;
        return states++;
    }

    void epsilon(int from, int to) throws InvalidConstraintException {
        add(from, EPSILON, EPSILON, to);
    }

    void range(int from, int min, int max, int to) throws InvalidConstraintException {
        add(from, min, max, to);
    }

    /** Adds a path that spells a text in UTF-8; it has no lone surrogates. */
    void text(int from, String text, int to) throws InvalidConstraintException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int state = from;
        for (int i = 0; i < bytes.length; i++) {
            int next = i == bytes.length - 1 ? to : newState();
            range(state, bytes[i] & 0xff, bytes[i] & 0xff, next);
            state = next;
        }
        if (bytes.length == 0) {
            epsilon(from, to);
        }
    }

    private void add(int from, int min, int max, int to) throws InvalidConstraintException {
        budget.spend(1);
        if (edgeCount == Budget.MOST_TRANSITIONS) {
            throw Budget.tooLarge("a constraint of more than " + Budget.MOST_TRANSITIONS + " transitions");
        }
        int at = 4 * edgeCount;
        if (at == edges.length) {
            edges = Arrays.copyOf(edges, Math.min(2 * at, 4 * Budget.MOST_TRANSITIONS));
        }
        edges[at] = min;
        edges[at + 1] = max;
        edges[at + 2] = to;
        edges[at + 3] = last[from];
        last[from] = edgeCount++;
    }

    /**
     * Returns the automaton of all paths from one state to another, without epsilon transitions and without states from which
     * the end cannot be reached. It has no states if there is no such path.
     */
    Automaton toAutomaton(int start, int end) throws InvalidConstraintException {
        int[] newOf = new int[states];
        Arrays.fill(newOf, -1);
        int[] oldOf = new int[states];
        int count = 0;
        newOf[start] = count;
        oldOf[count++] = start;
        for (int edge = 0; edge < edgeCount; edge++) {
            int to = edges[4 * edge + 2];
            if (edges[4 * edge] != EPSILON && newOf[to] < 0) {
                newOf[to] = count;
                oldOf[count++] = to;
            }
        }
        Automaton automaton = new Automaton(count, edgeCount);
        for (int i = 0; i < count; i++) {
            automaton.createState();
        }
        int[] closure = new int[states];
        int[] seenBy = new int[states];
        int transitions = 0;
        for (int state = 0; state < count; state++) {
            int size = closure(oldOf[state], state + 1, closure, seenBy);
            for (int i = 0; i < size; i++) {
                if (closure[i] == end) {
                    automaton.setAccept(state, true);
                }
                for (int edge = last[closure[i]]; edge >= 0; edge = edges[4 * edge + 3]) {
                    if (edges[4 * edge] != EPSILON) {
                        if (++transitions > Budget.MOST_TRANSITIONS) {
                            throw Budget.tooLarge(
                                    "a constraint of more than " + Budget.MOST_TRANSITIONS + " transitions");
                        }
                        automaton.addTransition(
                                state, newOf[edges[4 * edge + 2]], edges[4 * edge], edges[4 * edge + 1]);
                    }
                }
            }
        }
        automaton.finishState();
        return Operations.removeDeadStates(automaton);
    }

    /** Collects the states that epsilon transitions lead to; returns how many. */
    private int closure(int state, int mark, int[] closure, int[] seenBy) throws InvalidConstraintException {
        int size = 0;
        closure[size++] = state;
        seenBy[state] = mark;
        for (int i = 0; i < size; i++) {
            int steps = 1;
            for (int edge = last[closure[i]]; edge >= 0; edge = edges[4 * edge + 3], steps++) {
                int to = edges[4 * edge + 2];
                if (edges[4 * edge] == EPSILON && seenBy[to] != mark) {
                    seenBy[to] = mark;
                    closure[size++] = to;
                }
            }
            budget.spend(steps);
        }
        return size;
    }
}
