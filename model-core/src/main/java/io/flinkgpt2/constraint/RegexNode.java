package io.flinkgpt2.constraint;

import java.util.List;

/** A regex as a tree. Whether groups capture, and in which order alternatives are tried, makes no difference to what matches. */
sealed interface RegexNode {
    /** The repeat's maximum if there is none. */
    int UNBOUNDED = -1;

    /** One character of a set. */
    record Characters(CodePoints set) implements RegexNode {}

    /** One after the other; the empty text if there are none. */
    record Sequence(List<RegexNode> parts) implements RegexNode {}

    /** One of these. */
    record Alternatives(List<RegexNode> options) implements RegexNode {}

    /** @param max the most times, or {@link #UNBOUNDED} */
    record Repeat(RegexNode body, int min, int max) implements RegexNode {}

    /** Adds a path that spells what matches. */
    default void add(Nfa nfa, Spelling spelling, int from, int to) throws InvalidConstraintException {
        nfa.budget().spend(1);
        if (this instanceof Characters characters) {
            spelling.add(nfa, from, characters.set, to);
        } else if (this instanceof Sequence sequence) {
            int state = from;
            for (int i = 0; i < sequence.parts.size(); i++) {
                int next = i == sequence.parts.size() - 1 ? to : nfa.newState();
                sequence.parts.get(i).add(nfa, spelling, state, next);
                state = next;
            }
            if (sequence.parts.isEmpty()) {
                nfa.epsilon(from, to);
            }
        } else if (this instanceof Alternatives alternatives) {
            for (RegexNode option : alternatives.options) {
                option.add(nfa, spelling, from, to);
            }
        } else if (this instanceof Repeat repeat) {
            addRepeat(nfa, from, to, repeat.min, repeat.max, (a, b) -> repeat.body.add(nfa, spelling, a, b));
        }
    }

    /** A part of an automaton that can be added in several places. */
    @FunctionalInterface
    interface Part {
        void add(int from, int to) throws InvalidConstraintException;
    }

    /** Adds the part {@code min} to {@code max} times. */
    static void addRepeat(Nfa nfa, int from, int to, int min, int max, Part part) throws InvalidConstraintException {
        int state = from;
        for (int i = 0; i < min; i++) {
            int next = nfa.newState();
            part.add(state, next);
            state = next;
        }
        if (max == UNBOUNDED) {
            int loop = nfa.newState();
            nfa.epsilon(state, loop);
            part.add(loop, loop);
            nfa.epsilon(loop, to);
            return;
        }
        for (int i = min; i < max; i++) {
            int next = nfa.newState();
            nfa.epsilon(state, to);
            part.add(state, next);
            state = next;
        }
        nfa.epsilon(state, to);
    }
}
