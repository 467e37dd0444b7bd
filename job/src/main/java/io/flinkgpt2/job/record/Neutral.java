package io.flinkgpt2.job.record;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The values of a field that change nothing. JSON's null is one for every field and is for the caller to look for.
 *
 * @param text these values, for a message
 * @param test whether a value is one of them
 */
record Neutral(String text, Test test) {

    /** A look at one value. */
    @FunctionalInterface
    interface Test {
        /**
         * Returns whether the value at which the parser stands is one. If so the parser stands at its last token; if not, it
         * may stand anywhere in the value if that is an object or an array, and has not moved otherwise.
         */
        boolean holds(JsonParser parser) throws IOException;
    }

    /**
     * Passes over the value of a field at which a parser stands, which is not null.
     *
     * @param reason why no other value is taken, after "which is"
     * @throws InvalidRequestException if the value would change something
     */
    void require(String field, String reason, JsonFields json) throws IOException, InvalidRequestException {
        String found = json.found();
        if (!test.holds(json.parser())) {
            throw new InvalidRequestException(
                    InvalidRequestException.UNSUPPORTED_FIELD,
                    field,
                    field + ": found " + found + ", which is " + reason + "; leave the field out, or give what"
                            + " changes nothing: " + text);
        }
    }

    /** Null only. */
    static Neutral nothing() {
        return new Neutral("null", parser -> false);
    }

    static Neutral flag(boolean value) {
        JsonToken token = value ? JsonToken.VALUE_TRUE : JsonToken.VALUE_FALSE;
        return new Neutral(String.valueOf(value), parser -> parser.currentToken() == token);
    }

    /** True or false, which mean the same. */
    static Neutral anyFlag() {
        return new Neutral("true or false", parser -> parser.currentToken().isBoolean());
    }

    static Neutral integer(long value) {
        return new Neutral(String.valueOf(value), parser -> {
            if (!parser.currentToken().isNumeric()) {
                return false;
            }
            JsonIntegers.Parsed found = JsonIntegers.parse(parser.getText());
            return found.kind() == JsonIntegers.Kind.LONG && found.value() == value;
        });
    }

    /** Takes every integer of 0 or more. */
    static Neutral anyCount() {
        return new Neutral("an integer of 0 or more", parser -> {
            if (!parser.currentToken().isNumeric()) {
                return false;
            }
            JsonIntegers.Parsed found = JsonIntegers.parse(parser.getText());
            return found.kind() == JsonIntegers.Kind.LONG && found.value() >= 0;
        });
    }

    /** Returns a number, compared as a double. */
    static Neutral number(double value) {
        return new Neutral(
                value == Math.rint(value) ? String.valueOf((long) value) : String.valueOf(value),
                parser -> parser.currentToken().isNumeric() && Double.parseDouble(parser.getText()) == value);
    }

    static Neutral words(String... words) {
        List<String> all = List.of(words);
        return new Neutral(
                all.stream().map(word -> '"' + word + '"').collect(Collectors.joining(" or ")),
                parser -> parser.currentToken() == JsonToken.VALUE_STRING && all.contains(parser.getText()));
    }

    static Neutral emptyList() {
        return new Neutral(
                "[]",
                parser -> parser.currentToken() == JsonToken.START_ARRAY && parser.nextToken() == JsonToken.END_ARRAY);
    }

    /** Returns a list of values that each change nothing; the empty one is shown. */
    static Neutral listOf(Neutral element) {
        return new Neutral("[]", parser -> {
            if (parser.currentToken() != JsonToken.START_ARRAY) {
                return false;
            }
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                if (!element.test.holds(parser)) {
                    return false;
                }
            }
            return true;
        });
    }

    /** Returns an object whose members, whatever they are called, all are null or change nothing; the empty one is shown. */
    static Neutral mapOf(Neutral member) {
        return new Neutral("{}", parser -> isObject(parser, name -> member));
    }

    /**
     * Returns an object each of whose members is null, or is known and changes nothing.
     *
     * @param text such an object, for a message
     */
    static Neutral object(String text, Map<String, Neutral> members) {
        return new Neutral(text, parser -> isObject(parser, members::get));
    }

    private static boolean isObject(JsonParser parser, Function<String, Neutral> members) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            return false;
        }
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
            Neutral member = members.apply(name);
            if (parser.nextToken() != JsonToken.VALUE_NULL && (member == null || !member.test.holds(parser))) {
                return false;
            }
        }
        return true;
    }

    /** Takes one or another; at most one of them may be an object or an array. */
    static Neutral either(Neutral... choices) {
        return new Neutral(Arrays.stream(choices).map(Neutral::text).collect(Collectors.joining(" or ")), parser -> {
            for (Neutral choice : choices) {
                if (choice.test.holds(parser)) {
                    return true;
                }
            }
            return false;
        });
    }
}
