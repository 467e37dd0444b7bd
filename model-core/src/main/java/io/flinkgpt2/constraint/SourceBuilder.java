package io.flinkgpt2.constraint;

import java.util.List;
import org.apache.lucene.util.automaton.Automaton;

/** Builds the automaton of a source, for any vocabulary. */
final class SourceBuilder {
    private final UnicodeProperties properties;
    private final Budget budget = new Budget();
    private final Nfa nfa = new Nfa(budget);

    SourceBuilder(UnicodeProperties properties) {
        this.properties = properties;
    }

    ByteTable table(ConstraintSource source) throws InvalidConstraintException {
        if (source.length() > Budget.MOST_CHARACTERS) {
            throw new InvalidConstraintException(
                    "",
                    "found " + source.length() + " characters, expected at most " + Budget.MOST_CHARACTERS
                            + "; use a smaller constraint");
        }
        int start = nfa.newState();
        int end = nfa.newState();
        switch (source.kind()) {
            case CHOICE -> addChoices(source.texts(), start, end);
            case REGEX -> addRegex(only(source), start, end);
            case JSON_SCHEMA ->
                new JsonEmitter(nfa).add(SchemaReader.read(only(source), properties, budget), start, end);
            case JSON_OBJECT -> nfa.range(start, Nfa.ANY_OBJECT, Nfa.ANY_OBJECT, end);
        }
        Automaton automaton = nfa.toAutomaton(start, end);
        if (automaton.getNumStates() == 0) {
            throw new InvalidConstraintException("", "found a constraint that no text matches, expected some to match");
        }
        return Determinizer.table(automaton, budget);
    }

    private static String only(ConstraintSource source) throws InvalidConstraintException {
        if (source.texts().size() != 1) {
            throw new InvalidConstraintException("", "found " + source.texts().size() + " texts, expected one");
        }
        return source.texts().get(0);
    }

    private void addChoices(List<String> choices, int start, int end) throws InvalidConstraintException {
        if (choices.isEmpty()) {
            throw new InvalidConstraintException("", "found no choices, expected one or more");
        }
        for (int i = 0; i < choices.size(); i++) {
            SchemaValues.requireWellFormed(choices.get(i), "/" + i);
            nfa.text(start, choices.get(i), end);
        }
    }

    private void addRegex(String regex, int start, int end) throws InvalidConstraintException {
        if (regex.isEmpty()) {
            throw new InvalidConstraintException("", "found an empty regex, expected one that some text matches");
        }
        RegexParser.parse("", regex, properties, budget).whole().add(nfa, Spelling.text(), start, end);
    }
}
