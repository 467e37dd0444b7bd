package io.flinkgpt2.constraint;

import io.flinkgpt2.constraint.RegexNode.Alternatives;
import io.flinkgpt2.constraint.RegexNode.Characters;
import io.flinkgpt2.constraint.RegexNode.Repeat;
import io.flinkgpt2.constraint.RegexNode.Sequence;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A parser of the subset of {@link java.util.regex.Pattern}'s language that is regular. What it takes means what it means there,
 * without flags; what it does not take it refuses by name.
 */
final class RegexParser {
    private static final int DEEPEST_GROUPS = 100;

    /** Largest bound of a repeat that is worth building. */
    private static final int LARGEST_BOUND = 1_000_000;

    private static final CodePoints DOT = CodePoints.LINE_ENDS.complement();

    /** The beginnings of groups that are not regular, or not of this dialect. */
    private static final Map<String, String> REFUSED_GROUPS = Map.of(
            "(?=", "a look-ahead",
            "(?!", "a look-ahead",
            "(?<=", "a look-behind",
            "(?<!", "a look-behind",
            "(?>", "an atomic group");

    private final RegexText text;
    private final RegexEscapes escapes;
    private final CharacterClassParser classes;

    private RegexParser(RegexText text, UnicodeProperties properties, Budget budget) {
        this.text = text;
        this.escapes = new RegexEscapes(text, properties, budget);
        this.classes = new CharacterClassParser(text, escapes, budget);
    }

    /**
     * Returns the parsed regex.
     *
     * @param path the place of the regex inside the constraint, for messages
     */
    static Regex parse(String path, String regex, UnicodeProperties properties, Budget budget)
            throws InvalidConstraintException {
        RegexText text = new RegexText(path, regex);
        return new RegexParser(text, properties, budget).regex();
    }

    /** Returns a regex of this project's own that uses no Unicode property. */
    static RegexNode constant(String regex) {
        try {
            return parse("", regex, new UnicodeProperties(), new Budget()).whole();
        } catch (InvalidConstraintException e) {
            throw new IllegalArgumentException(regex, e);
        }
    }

    private Regex regex() throws InvalidConstraintException {
        List<Regex.Branch> branches = new ArrayList<>();
        do {
            boolean atStart = false;
            while (text.accept("^") || text.accept("\\A")) {
                atStart = true;
            }
            RegexNode body = sequence(0);
            boolean atEnd = false;
            while (text.accept("$") || text.accept("\\z") || text.accept("\\Z")) {
                atEnd = true;
            }
            if (atEnd && text.peek() != RegexText.END && !text.at('|')) {
                throw text.refused("more behind the anchor of the end", "nothing, or '|'");
            }
            branches.add(new Regex.Branch(body, atStart, atEnd));
        } while (text.accept("|"));
        if (text.at(')')) {
            throw text.refused("')' that closes no group", "it behind a backslash if it means itself");
        }
        return new Regex(branches);
    }

    private RegexNode alternatives(int depth) throws InvalidConstraintException {
        List<RegexNode> options = new ArrayList<>();
        do {
            options.add(sequence(depth));
        } while (text.accept("|"));
        return options.size() == 1 ? options.get(0) : new Alternatives(options);
    }

    private RegexNode sequence(int depth) throws InvalidConstraintException {
        List<RegexNode> parts = new ArrayList<>();
        while (text.peek() != RegexText.END && !text.at('|') && !text.at(')') && !atEndAnchor(depth)) {
            parts.add(repeated(atom(depth)));
        }
        return parts.size() == 1 ? parts.get(0) : new Sequence(parts);
    }

    private boolean atEndAnchor(int depth) throws InvalidConstraintException {
        boolean end = text.at('$') || (text.at('\\') && (text.at(1, 'z') || text.at(1, 'Z')));
        boolean start = text.at('^') || (text.at('\\') && text.at(1, 'A'));
        if (start || (end && depth > 0)) {
            throw text.refused(
                    "the anchor " + (text.at('\\') ? "\\" + Character.toString(text.peek(1)) : start ? "^" : "$"),
                    "anchors only at the ends of the regex or of its outermost alternatives");
        }
        return end;
    }

    private RegexNode atom(int depth) throws InvalidConstraintException {
        if (text.at('(')) {
            return group(depth);
        }
        if (text.accept("[")) {
            return new Characters(classes.parse(0));
        }
        if (text.accept(".")) {
            return new Characters(DOT);
        }
        if (text.at('\\')) {
            text.take();
            return new Characters(escapes.outside());
        }
        for (char quantifier : new char[] {'*', '+', '?', '{'}) {
            if (text.at(quantifier)) {
                throw text.refused(
                        "'" + quantifier + "' with nothing to repeat",
                        "something before it, or a backslash if it means itself");
            }
        }
        int c = text.take();
        return new Characters(CodePoints.between(c, c));
    }

    private RegexNode group(int depth) throws InvalidConstraintException {
        if (depth == DEEPEST_GROUPS) {
            throw text.refused("groups within each other", "at most " + DEEPEST_GROUPS + " levels");
        }
        for (Map.Entry<String, String> refused : REFUSED_GROUPS.entrySet()) {
            if (text.accept(refused.getKey())) {
                throw text.refused(refused.getValue() + " '" + refused.getKey() + "'", "a group '(' or '(?:'");
            }
        }
        text.take();
        if (text.accept("?<")) {
            groupName();
        } else if (text.at('?') && !text.accept("?:")) {
            throw text.refused("flags '(?'", "a group '(' or '(?:'; flags are not supported");
        }
        RegexNode body = alternatives(depth + 1);
        if (!text.accept(")")) {
            throw text.refused("the end of the regex", "')' for each '('");
        }
        return body;
    }

    private void groupName() throws InvalidConstraintException {
        boolean first = true;
        for (int c = text.take(); c != '>'; c = text.take(), first = false) {
            boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            if (!letter && (first || c < '0' || c > '9')) {
                throw text.refused("a group name with other characters", "ASCII letters and digits, a letter first");
            }
        }
        if (first) {
            throw text.refused("a group without a name", "one between '<' and '>'");
        }
    }

    private RegexNode repeated(RegexNode body) throws InvalidConstraintException {
        int min;
        int max;
        if (text.accept("*")) {
            min = 0;
            max = RegexNode.UNBOUNDED;
        } else if (text.accept("+")) {
            min = 1;
            max = RegexNode.UNBOUNDED;
        } else if (text.accept("?")) {
            min = 0;
            max = 1;
        } else if (text.accept("{")) {
            min = bound();
            max = !text.accept(",") ? min : text.at('}') ? RegexNode.UNBOUNDED : bound();
            if (!text.accept("}")) {
                throw text.refused("no '}'", "a repeat {n}, {n,} or {n,m}");
            }
            if (max != RegexNode.UNBOUNDED && max < min) {
                throw text.refused("the repeat {" + min + "," + max + "}", "a maximum of at least the minimum");
            }
        } else {
            return body;
        }
        if (text.at('?')) {
            throw text.refused("a lazy quantifier", "a greedy one; without the '?' the same texts match");
        }
        if (text.at('+')) {
            throw text.refused("a possessive quantifier", "a greedy one, without the '+'");
        }
        if (text.at('*') || text.at('{')) {
            throw text.refused("a quantifier right after another", "a group around what it repeats");
        }
        return new Repeat(body, min, max);
    }

    private int bound() throws InvalidConstraintException {
        int value = -1;
        while (text.peek() >= '0' && text.peek() <= '9') {
            value = 10 * Math.max(value, 0) + text.take() - '0';
            if (value > LARGEST_BOUND) {
                throw text.refused("a bound over " + LARGEST_BOUND, "at most that");
            }
        }
        if (value < 0) {
            throw text.refused("no number", "a repeat {n}, {n,} or {n,m}");
        }
        return value;
    }
}
