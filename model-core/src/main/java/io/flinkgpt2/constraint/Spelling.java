package io.flinkgpt2.constraint;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.lucene.util.BytesRef;
import org.apache.lucene.util.automaton.Automata;
import org.apache.lucene.util.automaton.Automaton;
import org.apache.lucene.util.automaton.MinimizationOperations;
import org.apache.lucene.util.automaton.Operations;
import org.apache.lucene.util.automaton.Transition;
import org.apache.lucene.util.automaton.UTF32ToUTF8;

/**
 * The way from a character to the labels of an automaton. No character's labels begin another's, and each character has one
 * spelling only. Remembers the classes of one constraint; for one thread.
 */
abstract class Spelling {
    /** Maximum effort to determinise a class of characters, far more than the largest one takes. */
    private static final int WORK_LIMIT = 100_000;

    /** Classes that are repeated often are small; the minimum of one such as {@code \p{L}} saves a third and takes about 4 times as long. */
    private static final int MOST_MINIMIZED = 100;

    /**
     * The highest characters of one to four bytes. Lucene's translation of a range that crosses such a border lets overlong forms
     * through, such as E0 80 88: it is meant for text that is UTF-8 already.
     */
    private static final int[] HIGHEST_OF_LENGTH = {0x7f, 0x7ff, 0xffff, Character.MAX_CODE_POINT};

    private final Map<CodePoints, Fragment> fragments = new HashMap<>();

    /** A deterministic automaton from its state 0 to its accepting states, which nothing leaves; four ints for each transition. */
    private record Fragment(int states, int[] edges) {
        /** The target of a transition into an accepting state. */
        static final int END = -1;
    }

    /** Returns the spelling by the character's own code point. */
    static Spelling codePoints() {
        return new Spelling() {
            @Override
            void add(Nfa nfa, int from, CodePoints set, int to) throws InvalidConstraintException {
                addRanges(nfa, from, set, to);
            }

            @Override
            Automaton automaton(CodePoints set) {
                throw new IllegalStateException("code points need no automaton");
            }
        };
    }

    /** Returns the spelling in UTF-8. */
    static Spelling text() {
        return new Spelling() {
            @Override
            Automaton automaton(CodePoints set) {
                return utf8(set);
            }
        };
    }

    /** Returns the spelling inside a JSON string, as {@link JsonTexts#escape} has it, in UTF-8. */
    static Spelling json() {
        return new Spelling() {
            @Override
            Automaton automaton(CodePoints set) {
                CodePoints escaped = set.intersect(JsonTexts.ESCAPED);
                List<BytesRef> spelled = new ArrayList<>();
                for (int i = 0; i < escaped.rangeCount(); i++) {
                    for (int c = escaped.min(i); c <= escaped.max(i); c++) {
                        spelled.add(new BytesRef(
                                JsonTexts.escape(Character.toString(c)).getBytes(StandardCharsets.US_ASCII)));
                    }
                }
                spelled.sort(null);
                return Operations.union(utf8(set.without(JsonTexts.ESCAPED)), Automata.makeBinaryStringUnion(spelled));
            }
        };
    }

    /** Returns an automaton of the labels of the characters in a set, which is not empty. */
    abstract Automaton automaton(CodePoints set);

    /** Adds a path that spells any one character of a set. */
    void add(Nfa nfa, int from, CodePoints set, int to) throws InvalidConstraintException {
        if (set.isEmpty()) {
            return;
        }
        if (set.isAscii() && set.intersect(JsonTexts.ESCAPED).isEmpty()) {
            addRanges(nfa, from, set, to);
            return;
        }
        Fragment fragment = fragments.get(set);
        if (fragment == null) {
            nfa.budget().spendClass(set.rangeCount() + 4);
            fragment = fragment(automaton(set));
            fragments.put(set, fragment);
        }
        int[] states = new int[fragment.states];
        states[0] = from;
        for (int i = 1; i < states.length; i++) {
            states[i] = nfa.newState();
        }
        int[] edges = fragment.edges;
        for (int i = 0; i < edges.length; i += 4) {
            int target = edges[i + 3] == Fragment.END ? to : states[edges[i + 3]];
            nfa.range(states[edges[i]], edges[i + 1], edges[i + 2], target);
        }
    }

    private static void addRanges(Nfa nfa, int from, CodePoints set, int to) throws InvalidConstraintException {
        for (int i = 0; i < set.rangeCount(); i++) {
            nfa.range(from, set.min(i), set.max(i), to);
        }
    }

    private static Automaton utf8(CodePoints set) {
        Automaton automaton = new Automaton();
        int start = automaton.createState();
        int[] ends = new int[HIGHEST_OF_LENGTH.length];
        for (int length = 0; length < ends.length; length++) {
            // An end for each length, for ranges that touch and lead to the same state would be made one.
            ends[length] = automaton.createState();
            automaton.setAccept(ends[length], true);
        }
        for (int i = 0; i < set.rangeCount(); i++) {
            int min = set.min(i);
            for (int length = 0; length < ends.length; length++) {
                int max = Math.min(HIGHEST_OF_LENGTH[length], set.max(i));
                if (min <= max) {
                    automaton.addTransition(start, ends[length], min, max);
                    min = max + 1;
                }
            }
        }
        automaton.finishState();
        return new UTF32ToUTF8().convert(automaton);
    }

    private static Fragment fragment(Automaton automaton) {
        Automaton minimal = Operations.determinize(automaton, WORK_LIMIT);
        if (minimal.getNumStates() <= MOST_MINIMIZED) {
            minimal = MinimizationOperations.minimize(minimal, WORK_LIMIT);
        }
        int[] numbers = new int[minimal.getNumStates()];
        int states = 0;
        for (int state = 0; state < numbers.length; state++) {
            numbers[state] = minimal.isAccept(state) ? Fragment.END : states++;
        }
        List<int[]> edges = new ArrayList<>();
        Transition transition = new Transition();
        for (int state = 0; state < numbers.length; state++) {
            int count = minimal.initTransition(state, transition);
            for (int i = 0; i < count; i++) {
                minimal.getNextTransition(transition);
                edges.add(new int[] {numbers[state], transition.min, transition.max, numbers[transition.dest]});
            }
        }
        return new Fragment(states, edges.stream().flatMapToInt(Arrays::stream).toArray());
    }
}
