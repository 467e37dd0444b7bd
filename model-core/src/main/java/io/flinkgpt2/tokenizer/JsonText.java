package io.flinkgpt2.tokenizer;

import static io.flinkgpt2.tokenizer.VocabularyFiles.GET_AGAIN;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.util.JsonParserDelegate;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Path;

/**
 * Reads JSON files of a tokenizer; whatever is wrong with them is an {@link InvalidVocabularyException} that names the file.
 */
final class JsonText {
    /** Most values and names in a part that is read as a tree; those that are meant have some hundreds. */
    private static final int MOST_IN_A_TREE = 1 << 18;

    // Names are used once: a shared symbol table would only grow, and could be made to collide. Python writes numbers
    // such as Infinity.
    private static final JsonFactory JSON = JsonFactory.builder()
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();

    private static final ObjectMapper TREES = new ObjectMapper();

    private JsonText() {}

    /** Takes what it wants of a document. */
    @FunctionalInterface
    interface Body<T> {
        /** @param parser at the first token of the document; to be left at its last */
        T read(JsonParser parser) throws IOException;
    }

    /**
     * Reads a file that holds one JSON value.
     *
     * @param expected what the file should hold, for messages
     */
    static <T> T read(Path file, String expected, Body<T> body) throws IOException {
        try (Reader text = VocabularyFiles.open(file);
                JsonParser parser = JSON.createParser(text)) {
            if (parser.nextToken() == null) {
                throw new InvalidVocabularyException(file, "no JSON value", expected, GET_AGAIN);
            }
            T value = body.read(parser);
            if (parser.nextToken() != null) {
                throw new InvalidVocabularyException(
                        file, "more text after the object at " + at(parser.currentLocation()), "its end", GET_AGAIN);
            }
            return value;
        } catch (CharacterCodingException e) {
            throw VocabularyFiles.notUtf8(file, e);
        } catch (JsonProcessingException e) {
            throw new InvalidVocabularyException(
                    file,
                    "text that is not JSON: " + e.getOriginalMessage() + " at " + at(e.getLocation()),
                    expected,
                    GET_AGAIN,
                    e);
        }
    }

    /** Returns a file that holds a JSON object of moderate size. */
    static JsonNode readObject(Path file) throws IOException {
        return read(file, "a JSON object", parser -> {
            requireObject(parser, file, "a JSON object");
            return tree(parser, file);
        });
    }

    /** @param expected what the object is, for messages */
    static void requireObject(JsonParser parser, Path file, String expected) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw new InvalidVocabularyException(
                    file, "a JSON value that starts with " + parser.currentToken(), expected, GET_AGAIN);
        }
    }

    /** Returns the value at whose first token the parser is; leaves it at the last. */
    static JsonNode tree(JsonParser parser, Path file) throws IOException {
        return TREES.readTree(new Counted(parser, file));
    }

    static String at(JsonLocation location) {
        return location == null
                ? "an unknown place"
                : "line " + location.getLineNr() + ", column " + location.getColumnNr();
    }

    /** Bounds what a tree takes on the heap. */
    private static final class Counted extends JsonParserDelegate {
        private final Path file;
        private int count;

        Counted(JsonParser parser, Path file) {
            super(parser);
            this.file = file;
        }

        @Override
        public JsonToken nextToken() throws IOException {
            count++;
            if (count > MOST_IN_A_TREE) {
                throw new InvalidVocabularyException(
                        file,
                        "more than " + MOST_IN_A_TREE + " names and values beside the vocabulary",
                        "at most that many",
                        "Check that the path names a tokenizer's file");
            }
            return super.nextToken();
        }
    }
}
