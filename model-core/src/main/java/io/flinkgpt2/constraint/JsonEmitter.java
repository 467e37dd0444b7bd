package io.flinkgpt2.constraint;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.lucene.util.automaton.Automaton;
import org.apache.lucene.util.automaton.Operations;
import org.apache.lucene.util.automaton.Transition;

/** Adds the texts of JSON values to an automaton. */
final class JsonEmitter {
    /** Bounded, so that no reader gets an infinite number, and no model writes digits without end. */
    private static final RegexNode NUMBER =
            RegexParser.constant("-?(0|[1-9][0-9]{0,14})(\\.[0-9]{1,15})?([eE][+-]?[0-9]{1,2})?");

    private static final RegexNode CHARACTER = new RegexNode.Characters(CodePoints.ALL);

    /** Most pairs of states, and of transitions, of a pattern and a length together. */
    private static final long MOST_PAIRS = 2_000_000;

    private final Nfa nfa;
    private final Spelling json = Spelling.json();
    private final Spelling text = Spelling.text();

    JsonEmitter(Nfa nfa) {
        this.nfa = nfa;
    }

    /** Adds the values of a shape. */
    void add(Shape shape, int from, int to) throws InvalidConstraintException {
        List<Shape> parts = new ArrayList<>();
        flatten(shape, parts);
        boolean anyObject = parts.contains(Shape.ANY_OBJECT);
        boolean anyArray = parts.contains(Shape.ANY_ARRAY);
        for (Shape part : parts) {
            if (part instanceof Shape.Free free) {
                nfa.range(from, free.label(), free.label(), to);
            } else if (part instanceof Shape.Texts texts) {
                for (String value : texts.texts()) {
                    if (!(anyObject && value.startsWith("{")) && !(anyArray && value.startsWith("["))) {
                        nfa.text(from, value, to);
                    }
                }
            } else if (part instanceof Shape.AnyNumber) {
                NUMBER.add(nfa, text, from, to);
            } else if (part instanceof Shape.Integers integers) {
                new IntegerRange(nfa).add(integers, from, to);
            } else if (part instanceof Shape.Strings strings) {
                addStrings(strings, from, to);
            } else if (part instanceof Shape.Arrays arrays && !anyArray) {
                addArrays(arrays, from, to);
            } else if (part instanceof Shape.Objects objects && !anyObject) {
                addObjects(objects, from, to);
            }
        }
    }

    private void flatten(Shape shape, List<Shape> parts) throws InvalidConstraintException {
        nfa.budget().spend(1);
        if (shape instanceof Shape.OneOf oneOf) {
            for (Shape part : oneOf.shapes()) {
                flatten(part, parts);
            }
        } else {
            parts.add(shape);
        }
    }

    /** Adds any object or array, with one transition for each that is nested in it. */
    void addFreeBody(int label, int from, int to) throws InvalidConstraintException {
        if (label == Nfa.ANY_ARRAY) {
            addArrays(new Shape.Arrays(Shape.ANY, 0, RegexNode.UNBOUNDED), from, to);
            return;
        }
        int opened = nfa.newState();
        int member = nfa.newState();
        int colon = nfa.newState();
        int value = nfa.newState();
        int after = nfa.newState();
        nfa.text(from, "{", opened);
        nfa.epsilon(opened, member);
        add(Shape.ANY_STRING, member, colon);
        nfa.text(colon, ":", value);
        add(Shape.ANY, value, after);
        nfa.text(after, ",", member);
        nfa.text(after, "}", to);
        nfa.text(opened, "}", to);
    }

    private void addStrings(Shape.Strings strings, int from, int to) throws InvalidConstraintException {
        int first = nfa.newState();
        int last = nfa.newState();
        nfa.text(from, "\"", first);
        nfa.text(last, "\"", to);
        boolean anyLength = strings.min() == 0 && strings.max() == RegexNode.UNBOUNDED;
        if (strings.pattern() == null) {
            RegexNode.addRepeat(
                    nfa, first, last, strings.min(), strings.max(), (a, b) -> CHARACTER.add(nfa, json, a, b));
        } else if (anyLength) {
            strings.pattern().add(nfa, json, first, last);
        } else {
            addIntersection(strings, first, last);
        }
    }

    /** Adds the strings that both match the pattern and have the length, found character by character. */
    private void addIntersection(Shape.Strings strings, int from, int to) throws InvalidConstraintException {
        Automaton pattern = characters(strings.pattern());
        Automaton length = characters(new RegexNode.Repeat(CHARACTER, strings.min(), strings.max()));
        long states = (long) pattern.getNumStates() * length.getNumStates();
        long transitions = (long) pattern.getNumTransitions() * length.getNumStates();
        if (Math.max(states, transitions) > MOST_PAIRS) {
            throw Budget.tooLarge("a pattern and a length that together make more than " + MOST_PAIRS + " steps");
        }
        nfa.budget().spend(Math.max(states, transitions));
        Automaton both = Operations.intersection(pattern, length);
        int[] numbers = new int[both.getNumStates()];
        for (int state = 0; state < numbers.length; state++) {
            numbers[state] = nfa.newState();
        }
        if (numbers.length > 0) {
            nfa.epsilon(from, numbers[0]);
        }
        Transition transition = new Transition();
        for (int state = 0; state < numbers.length; state++) {
            if (both.isAccept(state)) {
                nfa.epsilon(numbers[state], to);
            }
            int count = both.initTransition(state, transition);
            Map<Integer, CodePoints.Builder> sets = new TreeMap<>();
            for (int i = 0; i < count; i++) {
                both.getNextTransition(transition);
                sets.computeIfAbsent(transition.dest, target -> new CodePoints.Builder())
                        .add(transition.min, transition.max);
            }
            for (Map.Entry<Integer, CodePoints.Builder> entry : sets.entrySet()) {
                json.add(nfa, numbers[state], entry.getValue().build(), numbers[entry.getKey()]);
            }
        }
    }

    private Automaton characters(RegexNode node) throws InvalidConstraintException {
        Nfa characters = new Nfa(nfa.budget());
        int start = characters.newState();
        int end = characters.newState();
        node.add(characters, Spelling.codePoints(), start, end);
        return characters.toAutomaton(start, end);
    }

    private void addArrays(Shape.Arrays arrays, int from, int to) throws InvalidConstraintException {
        int opened = nfa.newState();
        int closing = nfa.newState();
        nfa.text(from, "[", opened);
        nfa.text(closing, "]", to);
        if (arrays.min() == 0) {
            nfa.epsilon(opened, closing);
        }
        boolean unbounded = arrays.max() == RegexNode.UNBOUNDED;
        int most = unbounded ? Math.max(arrays.min(), 1) : arrays.max();
        int item = opened;
        for (int count = 1; count <= most; count++) {
            int before = nfa.newState();
            int after = nfa.newState();
            nfa.epsilon(item, before);
            add(arrays.item(), before, after);
            if (count >= arrays.min()) {
                nfa.epsilon(after, closing);
            }
            item = nfa.newState();
            nfa.text(after, ",", item);
            if (unbounded && count == most) {
                nfa.epsilon(item, before);
            }
        }
    }

    /** Adds objects. Two states stand before each property: one if none was written yet, one that a comma follows. */
    private void addObjects(Shape.Objects objects, int from, int to) throws InvalidConstraintException {
        int none = nfa.newState();
        int some = nfa.newState();
        nfa.text(from, "{", none);
        for (Shape.Property property : objects.properties()) {
            int nextNone = nfa.newState();
            int nextSome = nfa.newState();
            int name = nfa.newState();
            int colon = nfa.newState();
            int value = nfa.newState();
            nfa.epsilon(none, name);
            nfa.text(some, ",", name);
            nfa.text(name, JsonTexts.string(property.name()), colon);
            nfa.text(colon, ":", value);
            add(property.value(), value, nextSome);
            if (!property.required()) {
                nfa.epsilon(none, nextNone);
                nfa.epsilon(some, nextSome);
            }
            none = nextNone;
            some = nextSome;
        }
        nfa.text(none, "}", to);
        nfa.text(some, "}", to);
    }
}
