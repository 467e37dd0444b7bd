package io.flinkgpt2.constraint;

import java.util.HashSet;
import java.util.Set;

/**
 * The work that building one constraint may still take. It counts steps, not time: whether a constraint is accepted does not
 * depend on the machine.
 */
final class Budget {
    /** Longest regex or schema, and most characters of all choices together. */
    static final int MOST_CHARACTERS = 1 << 20;

    /** Most states of a non-deterministic automaton. */
    static final int MOST_STATES = 200_000;

    /** Most transitions of a non-deterministic automaton. */
    static final int MOST_TRANSITIONS = 600_000;

    /** Most ranges of code points in all distinct character classes that are not ASCII. */
    private static final int MOST_CLASS_RANGES = 15_000;

    /** A step takes 20 to 60 nanoseconds. */
    private static final long MOST_STEPS = 6_000_000;

    /** Maximum number of different character properties; finding one takes about 60 ms. */
    private static final int MOST_PROPERTIES = 8;

    private final Set<String> properties = new HashSet<>();
    private long steps;
    private int classRanges;

    /** Counts steps. */
    void spend(long count) throws InvalidConstraintException {
        steps += count;
        if (steps > MOST_STEPS) {
            throw tooLarge("a constraint that takes more than " + MOST_STEPS + " steps to build");
        }
    }

    /** Counts the ranges of a class that has to be translated into bytes. */
    void spendClass(int ranges) throws InvalidConstraintException {
        classRanges += ranges;
        if (classRanges > MOST_CLASS_RANGES) {
            throw tooLarge("character classes of more than " + MOST_CLASS_RANGES + " ranges together");
        }
    }

    /** Counts the distinct names of character properties. */
    void spendProperty(String name) throws InvalidConstraintException {
        if (properties.add(name) && properties.size() > MOST_PROPERTIES) {
            throw new InvalidConstraintException(
                    "", "found more than " + MOST_PROPERTIES + " different properties \\p{...}, expected at most that");
        }
    }

    static InvalidConstraintException tooManyStates(int most) {
        return tooLarge("a constraint of more than " + most + " states");
    }

    /** @param found what there is too much of */
    static InvalidConstraintException tooLarge(String found) {
        return new InvalidConstraintException(
                "", "found " + found + ", expected a smaller one; lower the bounds of its repeats, lengths and items");
    }
}
