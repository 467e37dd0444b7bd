package io.flinkgpt2.constraint;

/**
 * A parser of character classes. {@link java.util.regex.Pattern} gives some forms a meaning by accident, such as an empty operand
 * of {@code &&}; those are refused.
 */
final class CharacterClassParser {
    private static final int DEEPEST = 20;

    /** Steps for each range of a class: it is sorted, and kept until the automaton is built. */
    private static final int RANGE_STEPS = 20;

    private final RegexText text;
    private final RegexEscapes escapes;
    private final Budget budget;

    CharacterClassParser(RegexText text, RegexEscapes escapes, Budget budget) {
        this.text = text;
        this.budget = budget;
        this.escapes = escapes;
    }

    /** Returns the class whose {@code [} stands before the cursor, and moves behind its {@code ]}. */
    CodePoints parse(int depth) throws InvalidConstraintException {
        if (depth == DEEPEST) {
            throw text.refused("character classes within each other", "at most " + DEEPEST + " levels");
        }
        boolean negated = text.accept("^");
        CodePoints set = operand(depth, true);
        while (text.accept("&&")) {
            set = set.intersect(operand(depth, false));
        }
        if (!text.accept("]")) {
            throw text.refused("the end of the regex", "']' for each '['");
        }
        budget.spend((long) RANGE_STEPS * set.rangeCount());
        return negated ? set.complement() : set;
    }

    private CodePoints operand(int depth, boolean first) throws InvalidConstraintException {
        if (text.at(']') || text.at('&')) {
            throw text.refused(
                    "an empty part of a character class",
                    "characters in it, and ']' or '&' behind a backslash if it means itself");
        }
        if (!first && text.at('^')) {
            throw text.unescaped('^');
        }
        boolean nestedOnly = !first && text.at('[');
        CodePoints.Builder set = new CodePoints.Builder();
        while (text.peek() != RegexText.END && !text.at(']') && !(text.at('&') && text.at(1, '&'))) {
            if (text.accept("[")) {
                set.add(parse(depth + 1));
            } else if (nestedOnly) {
                throw text.refused("a character behind '&&[...]'", "another '[', '&&' or ']'");
            } else {
                addItem(set);
            }
        }
        return set.build();
    }

    private void addItem(CodePoints.Builder set) throws InvalidConstraintException {
        int min;
        if (text.accept("\\")) {
            boolean vertical = text.peek() == 'v';
            CodePoints predefined = escapes.predefined();
            if (predefined != null) {
                if (vertical && text.at('-')) {
                    throw text.unescaped('-');
                }
                set.add(predefined);
                return;
            }
            min = escapes.character();
        } else {
            min = text.take();
        }
        boolean range = text.at('-') && text.peek(1) != RegexText.END && !text.at(1, ']') && !text.at(1, '[');
        if (!range) {
            set.add(min, min);
            return;
        }
        text.take();
        int max = text.accept("\\") ? escapes.character() : text.take();
        if (max < min) {
            throw text.refused("a range whose end is below its start", "the lower character first");
        }
        set.add(min, max);
    }
}
