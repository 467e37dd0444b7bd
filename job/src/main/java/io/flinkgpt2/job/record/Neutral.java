package io.flinkgpt2.job.record;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The values of a field that change nothing. JSON's null is one for every field and is for the caller to look for.
 *
 * @param text these values, for a message
 * @param schema text of a JSON Schema of them
 * @param test whether a value is one of them
 */
record Neutral(String text, String schema, Test test) {

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
        return new Neutral("null", "{\"type\":\"null\"}", parser -> false);
    }

    static Neutral flag(boolean value) {
        JsonToken token = value ? JsonToken.VALUE_TRUE : JsonToken.VALUE_FALSE;
        return constant(String.valueOf(value), parser -> parser.currentToken() == token);
    }

    static Neutral integer(long value) {
        return constant(String.valueOf(value), parser -> {
            if (!parser.currentToken().isNumeric()) {
                return false;
            }
            JsonIntegers.Parsed found = JsonIntegers.parse(parser.getText());
            return found.kind() == JsonIntegers.Kind.LONG && found.value() == value;
        });
    }

    static Neutral words(String... words) {
        List<String> all = List.of(words);
        List<String> quoted = all.stream().map(RecordJson::quote).toList();
        return new Neutral(
                String.join(" or ", quoted),
                "{\"enum\":[" + String.join(",", quoted) + "]}",
                parser -> parser.currentToken() == JsonToken.VALUE_STRING && all.contains(parser.getText()));
    }

    static Neutral emptyList() {
        return constant(
                "[]",
                parser -> parser.currentToken() == JsonToken.START_ARRAY && parser.nextToken() == JsonToken.END_ARRAY);
    }

    /** Returns an object each of whose members is null, or is known and changes nothing; the empty one is shown. */
    static Neutral object(Map<String, Neutral> members) {
        String properties = new TreeMap<>(members)
                .entrySet().stream()
                        .map(member -> RecordJson.quote(member.getKey()) + ":{\"anyOf\":["
                                + member.getValue().schema() + ",{\"type\":\"null\"}]}")
                        .collect(Collectors.joining(","));
        return new Neutral(
                "{}",
                "{\"type\":\"object\",\"properties\":{" + properties
                        + "},\"additionalProperties\":{\"type\":\"null\"}}",
                parser -> isObject(parser, members));
    }

    private static Neutral constant(String json, Test test) {
        return new Neutral(json, "{\"const\":" + json + "}", test);
    }

    private static boolean isObject(JsonParser parser, Map<String, Neutral> members) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            return false;
        }
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
            Neutral member = members.get(name);
            if (parser.nextToken() != JsonToken.VALUE_NULL && (member == null || !member.test.holds(parser))) {
                return false;
            }
        }
        return true;
    }
}
