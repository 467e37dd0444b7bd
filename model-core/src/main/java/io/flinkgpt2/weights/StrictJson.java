package io.flinkgpt2.weights;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.flinkgpt2.json.JsonFault;
import java.io.ByteArrayInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Pulls values out of a JSON object that nobody vouches for. Refuses what is not UTF-8 or not JSON, names that come twice,
 * text after the object, and values of another type than the caller asks for; bounds what it allocates by its limits on
 * names and strings, for a few bytes of JSON can become a few hundred on the heap.
 */
final class StrictJson implements Closeable {
    /** Most names in a document, on all levels; a GPT-2 of 48 layers has about 2,400. */
    static final int MAX_NAMES = 65_536;

    /** Most numbers in an array; tensor libraries stop at 64 dimensions. */
    static final int MAX_NUMBERS = 64;

    /** Longest string that is looked at, in characters; strings that are passed over may be longer. */
    private static final int MAX_STRING = 65_536;

    // Names are neither interned nor kept in the factory's symbol table: they come from strangers, and outlive the
    // parser.
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .streamReadConstraints(
                    StreamReadConstraints.builder().maxStringLength(MAX_STRING).build())
            .build();

    private final Path file;
    private final String document;
    private final String advice;
    private final JsonParser parser;
    private int names;

    /**
     * @param file for messages
     * @param document what this is in the file, for messages, such as {@code header}
     * @param utf8 the text
     * @param advice what the user can do when it is wrong
     */
    StrictJson(Path file, String document, byte[] utf8, String advice) throws InvalidModelException {
        this.file = file;
        this.document = document;
        this.advice = advice;
        try {
            // A new decoder reports malformed input; Jackson's own lets some of it pass.
            parser = JSON.createParser(
                    new InputStreamReader(new ByteArrayInputStream(utf8), StandardCharsets.UTF_8.newDecoder()));
        } catch (IOException e) {
            throw malformed(document, e);
        }
    }

    /** Enters an object; its names follow by {@link #nextName}. */
    void beginObject(Supplier<String> subject) throws InvalidModelException {
        expect(JsonToken.START_OBJECT, "an object", subject);
    }

    /** Enters an object as {@link #beginObject} does, unless a null stands in its place; returns whether there is one. */
    boolean beginObjectOrNull(Supplier<String> subject) throws InvalidModelException {
        JsonToken token = next();
        if (token != JsonToken.START_OBJECT && token != JsonToken.VALUE_NULL) {
            throw invalid(subject.get(), found(), "an object or null");
        }
        return token == JsonToken.START_OBJECT;
    }

    /** Returns the next name of the object that was entered last, or null when it ends. */
    String nextName() throws InvalidModelException {
        if (next() == JsonToken.END_OBJECT) {
            return null;
        }
        countName();
        String name;
        try {
            name = parser.currentName();
        } catch (IOException e) {
            throw malformed(where(), e);
        }
        // UTF-8 cannot spell half a surrogate pair, but a JSON escape can, and then the name cannot be written again.
        if (hasHalfCharacter(name)) {
            throw invalid(document, "the name " + InvalidModelException.quoted(name), "names in whole characters");
        }
        return name;
    }

    private static boolean hasHalfCharacter(String name) {
        int length = name.length();
        for (int i = 0; i < length; i++) {
            if (Character.isSurrogate(name.charAt(i))) {
                if (i + 1 == length || !Character.isSurrogatePair(name.charAt(i), name.charAt(i + 1))) {
                    return true;
                }
                i++;
            }
        }
        return false;
    }

    /** Returns a string of at most 65,536 characters. */
    String string(Supplier<String> subject) throws InvalidModelException {
        expect(JsonToken.VALUE_STRING, "a string", subject);
        return text();
    }

    /** Passes over a string of any length. */
    void skipString(Supplier<String> subject) throws InvalidModelException {
        expect(JsonToken.VALUE_STRING, "a string", subject);
    }

    /** Returns an array of at most {@link #MAX_NUMBERS} integers from 0 to 2^63 - 1. */
    List<Long> naturals(Supplier<String> subject) throws InvalidModelException {
        expect(JsonToken.START_ARRAY, "an array", subject);
        List<Long> numbers = new ArrayList<>(4);
        while (next() != JsonToken.END_ARRAY) {
            if (numbers.size() == MAX_NUMBERS) {
                throw invalid(subject.get(), "more than " + MAX_NUMBERS + " numbers", "at most that many");
            }
            numbers.add(natural(subject));
        }
        return numbers;
    }

    private long natural(Supplier<String> subject) throws InvalidModelException {
        try {
            if (parser.currentToken() == JsonToken.VALUE_NUMBER_INT
                    && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER
                    && parser.getLongValue() >= 0) {
                return parser.getLongValue();
            }
        } catch (IOException e) {
            throw malformed(subject.get(), e);
        }
        throw invalid(subject.get(), found(), "integers from 0 to " + Long.MAX_VALUE);
    }

    /** Passes over a value of any type. */
    void skipValue() throws InvalidModelException {
        int depth = 0;
        do {
            JsonToken token = next();
            if (token == JsonToken.FIELD_NAME) {
                countName();
            } else if (token.isStructStart()) {
                depth++;
            } else if (token.isStructEnd()) {
                depth--;
            }
        } while (depth > 0);
    }

    /** Makes sure that nothing but white space follows. */
    void end() throws InvalidModelException {
        JsonToken token;
        try {
            token = parser.nextToken();
        } catch (IOException e) {
            throw malformed("end of the " + document, e);
        }
        if (token != null) {
            throw invalid("end of the " + document, found(), "nothing but spaces after the object");
        }
    }

    @Override
    public void close() {
        try {
            parser.close();
        } catch (IOException e) {
            throw new UncheckedIOException("closing a parser of bytes in memory", e);
        }
    }

    private void countName() throws InvalidModelException {
        names++;
        if (names > MAX_NAMES) {
            throw invalid(document, "more than " + MAX_NAMES + " names", "at most that many");
        }
    }

    private void expect(JsonToken token, String what, Supplier<String> subject) throws InvalidModelException {
        if (next() != token) {
            throw invalid(subject.get(), found(), what);
        }
    }

    /** Returns the next token; never null, for an end within the object is malformed. */
    private JsonToken next() throws InvalidModelException {
        try {
            JsonToken token = parser.nextToken();
            if (token == null) {
                throw invalid(document, "no JSON", "an object");
            }
            return token;
        } catch (InvalidModelException e) {
            throw e;
        } catch (IOException e) {
            throw malformed(where(), e);
        }
    }

    private String text() throws InvalidModelException {
        try {
            return parser.getText();
        } catch (IOException e) {
            throw malformed(where(), e);
        }
    }

    private String found() throws InvalidModelException {
        return switch (parser.currentToken()) {
            case START_OBJECT, END_OBJECT -> "an object";
            case START_ARRAY, END_ARRAY -> "an array";
            case VALUE_STRING -> "the string " + InvalidModelException.quoted(text());
            default -> InvalidModelException.printable(text());
        };
    }

    private String where() {
        String pointer = parser.getParsingContext().pathAsPointer().toString();
        return pointer.isEmpty() ? document : document + " at " + InvalidModelException.printable(pointer);
    }

    private InvalidModelException malformed(String subject, IOException e) {
        String found = e instanceof JsonProcessingException json
                ? "malformed JSON: " + InvalidModelException.printable(JsonFault.describe(json))
                : "text that is not UTF-8";
        return new InvalidModelException(file, subject, found, "a JSON object in UTF-8 that has no name twice", advice);
    }

    private InvalidModelException invalid(String subject, String found, String expected) {
        return new InvalidModelException(file, subject, found, expected, advice);
    }
}
