package io.flinkgpt2.constraint;

import java.math.BigInteger;

/** Adds the decimal spellings of a range of integers to an automaton: no leading zeros, and no minus before 0. */
final class IntegerRange {
    private final Nfa nfa;

    IntegerRange(Nfa nfa) {
        this.nfa = nfa;
    }

    void add(Shape.Integers range, int from, int to) throws InvalidConstraintException {
        BigInteger min = range.min();
        BigInteger max = range.max();
        if (max == null || max.signum() >= 0) {
            addNatural(min == null || min.signum() < 0 ? BigInteger.ZERO : min, max, from, to);
        }
        if (min == null || min.signum() < 0) {
            int minus = nfa.newState();
            nfa.text(from, "-", minus);
            BigInteger least = max == null || max.signum() >= 0 ? BigInteger.ONE : max.negate();
            addNatural(least, min == null ? null : min.negate(), minus, to);
        }
    }

    /** @param max null if there is none */
    private void addNatural(BigInteger min, BigInteger max, int from, int to) throws InvalidConstraintException {
        if (max != null && min.compareTo(max) > 0) {
            return;
        }
        String low = min.toString();
        int longest = max == null ? low.length() : max.toString().length();
        for (int digits = low.length(); digits <= longest; digits++) {
            String least = digits == low.length() ? low : "1" + "0".repeat(digits - 1);
            String most = max != null && digits == longest ? max.toString() : "9".repeat(digits);
            if (digits == 1 && least.equals("0")) {
                nfa.range(from, '0', '0', to);
                least = "1";
            }
            if (least.compareTo(most) <= 0) {
                addDigits(least, most, from, to);
            }
        }
        if (max == null) {
            int state = nfa.newState();
            nfa.range(from, '1', '9', state);
            for (int i = 1; i < longest + 1; i++) {
                int next = nfa.newState();
                nfa.range(state, '0', '9', next);
                state = next;
            }
            nfa.range(state, '0', '9', state);
            nfa.epsilon(state, to);
        }
    }

    /** Adds the numbers between two of the same length; along both bounds at once, then along each. */
    private void addDigits(String low, String high, int from, int to) throws InvalidConstraintException {
        int length = low.length();
        int state = from;
        int i = 0;
        for (; i < length - 1 && low.charAt(i) == high.charAt(i); i++) {
            int next = nfa.newState();
            nfa.range(state, low.charAt(i), low.charAt(i), next);
            state = next;
        }
        if (i == length - 1) {
            nfa.range(state, low.charAt(i), high.charAt(i), to);
            return;
        }
        // From free[j] on, any digits follow at the places j..length-1.
        int[] free = new int[length + 1];
        free[length] = to;
        for (int j = length - 1; j > i; j--) {
            free[j] = nfa.newState();
            nfa.range(free[j], '0', '9', free[j + 1]);
        }
        int atLow = nfa.newState();
        int atHigh = nfa.newState();
        between(state, low.charAt(i) + 1, high.charAt(i) - 1, free[i + 1]);
        nfa.range(state, low.charAt(i), low.charAt(i), atLow);
        nfa.range(state, high.charAt(i), high.charAt(i), atHigh);
        for (i++; i < length; i++) {
            boolean last = i == length - 1;
            int nextLow = last ? to : nfa.newState();
            int nextHigh = last ? to : nfa.newState();
            between(atLow, low.charAt(i) + 1, '9', free[i + 1]);
            between(atHigh, '0', high.charAt(i) - 1, free[i + 1]);
            nfa.range(atLow, low.charAt(i), low.charAt(i), nextLow);
            nfa.range(atHigh, high.charAt(i), high.charAt(i), nextHigh);
            atLow = nextLow;
            atHigh = nextHigh;
        }
    }

    private void between(int from, int min, int max, int to) throws InvalidConstraintException {
        if (min <= max) {
            nfa.range(from, min, max, to);
        }
    }
}
