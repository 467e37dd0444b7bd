package io.flinkgpt2.job.record;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoublePredicate;

/**
 * Reads the value at which a parser stands as what a field wants, or says what stands there instead. JSON's null is for the
 * caller to look for. Recurses nowhere, whatever the depth of the document.
 */
final class JsonFields {
    private static final JsonFactory GENERATORS = new JsonFactory();

    private final JsonParser parser;

    JsonFields(JsonParser parser) {
        this.parser = parser;
    }

    JsonParser parser() {
        return parser;
    }

    boolean isNull() {
        return parser.currentToken() == JsonToken.VALUE_NULL;
    }

    /** Returns a string in whole characters. */
    String string(String field) throws IOException, InvalidRequestException {
        expect(JsonToken.VALUE_STRING, field, "a string");
        return requireWholeCharacters(field, parser.getText());
    }

    /** Returns an integer, {@code lowest..highest}, exactly; it may be written with a fraction of zeros or an exponent. */
    long integer(String field, long lowest, long highest) throws IOException, InvalidRequestException {
        String range = "an integer, " + lowest + ".." + highest;
        if (!parser.currentToken().isNumeric()) {
            throw InvalidRequestException.invalidType(field, found(), range);
        }
        JsonIntegers.Parsed number = JsonIntegers.parse(parser.getText());
        if (number.kind() == JsonIntegers.Kind.FRACTION) {
            throw InvalidRequestException.invalidType(field, found(), range);
        }
        if (number.kind() == JsonIntegers.Kind.OUT_OF_RANGE || number.value() < lowest || number.value() > highest) {
            throw InvalidRequestException.invalidValue(field, found(), range);
        }
        return number.value();
    }

    /** True or false. */
    boolean flag(String field) throws IOException, InvalidRequestException {
        if (!parser.currentToken().isBoolean()) {
            throw InvalidRequestException.invalidType(field, found(), "true or false");
        }
        return parser.getBooleanValue();
    }

    /** Returns a number, rounded to a double; one past the largest double is out of every range. */
    double number(String field, DoublePredicate allowed, String range) throws IOException, InvalidRequestException {
        if (!parser.currentToken().isNumeric()) {
            throw InvalidRequestException.invalidType(field, found(), range);
        }
        double value = Double.parseDouble(parser.getText());
        if (!Double.isFinite(value) || !allowed.test(value)) {
            throw InvalidRequestException.invalidValue(field, found(), range);
        }
        return value + 0.0; // -0 becomes 0
    }

    /** Returns a string that is one of {@code words}. */
    String word(String field, List<String> words) throws IOException, InvalidRequestException {
        String found = string(field);
        if (!words.contains(found)) {
            int last = words.size() - 1;
            throw InvalidRequestException.invalidValue(
                    field,
                    WireText.quoted(found),
                    "'" + String.join("', '", words.subList(0, last)) + "' or '" + words.get(last) + "'");
        }
        return found;
    }

    /**
     * Returns the strings of an array in their order.
     *
     * @param most maximum number of strings
     */
    List<String> strings(String field, int most) throws IOException, InvalidRequestException {
        expect(JsonToken.START_ARRAY, field, "an array of strings");
        List<String> strings = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (strings.size() == most) {
                throw InvalidRequestException.invalidValue(
                        field, "more than " + most + " strings", "at most that many");
            }
            String at = field + ": at index " + strings.size();
            if (parser.currentToken() != JsonToken.VALUE_STRING) {
                throw new InvalidRequestException(
                        InvalidRequestException.INVALID_TYPE, field, at + ": found " + found() + ", expected a string");
            }
            strings.add(requireWholeCharacters(field, parser.getText()));
        }
        return strings;
    }

    /** Refuses an empty string among {@code strings}. */
    static List<String> requireText(String field, List<String> strings) throws InvalidRequestException {
        int empty = strings.indexOf("");
        if (empty >= 0) {
            throw new InvalidRequestException(
                    InvalidRequestException.INVALID_VALUE,
                    field,
                    field + ": at index " + empty + ": found an empty string, expected one character or more");
        }
        return strings;
    }

    /** Text of an object, as it came but for white space and needless escapes: order kept, numbers digit by digit. */
    String objectText(String field) throws IOException, InvalidRequestException {
        expect(JsonToken.START_OBJECT, field, "an object");
        StringWriter text = new StringWriter();
        try (JsonGenerator copy = GENERATORS.createGenerator(text)) {
            int depth = 0;
            do {
                JsonToken token = parser.currentToken();
                if (token.isNumeric()) {
                    copy.writeNumber(parser.getText()); // the digits, for a double would not hold them all
                } else {
                    copy.copyCurrentEvent(parser);
                }
                depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
            } while (depth > 0 && parser.nextToken() != null);
        }
        return requireWholeCharacters(field, text.toString());
    }

    /** JSON can spell half a surrogate pair by an escape; such a string has no UTF-8 form and no tokens. */
    private static String requireWholeCharacters(String field, String text) throws InvalidRequestException {
        int lone = WireText.indexOfLoneSurrogate(text, 0);
        if (lone >= 0) {
            throw InvalidRequestException.invalidValue(
                    field,
                    String.format("the lone surrogate U+%04X", (int) text.charAt(lone)),
                    "whole characters: a surrogate comes only as half of a pair");
        }
        return text;
    }

    void expect(JsonToken token, String field, String expected) throws IOException, InvalidRequestException {
        if (parser.currentToken() != token) {
            throw InvalidRequestException.invalidType(field, found(), expected);
        }
    }

    /** Returns the value, for a message: shortened. */
    String found() throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT -> "an object";
            case START_ARRAY -> "an array";
            case VALUE_STRING -> "the string " + WireText.quoted(parser.getText());
            default -> WireText.printable(parser.getText());
        };
    }
}
