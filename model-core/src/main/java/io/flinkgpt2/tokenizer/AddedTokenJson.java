package io.flinkgpt2.tokenizer;

import static io.flinkgpt2.tokenizer.VocabularyFiles.GET_AGAIN;
import static io.flinkgpt2.tokenizer.VocabularyFiles.quote;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Optional;

/** Added tokens as JSON files have them. */
final class AddedTokenJson {

    private AddedTokenJson() {}

    /**
     * Returns the token of an object with {@code content} and traits.
     *
     * @return empty if the token has no text
     */
    static Optional<AddedToken> read(JsonNode token, JsonNode id, Path file) throws InvalidVocabularyException {
        JsonNode text = token.path("content");
        if (!text.isTextual()) {
            throw new InvalidVocabularyException(
                    file, "an added token without a text in 'content'", "one with it", GET_AGAIN);
        }
        boolean special = token.path("special").asBoolean();
        return Optional.of(new AddedToken(
                        requireText(text.textValue(), file),
                        requireId(id, text.textValue(), file),
                        special,
                        token.path("single_word").asBoolean(),
                        token.path("lstrip").asBoolean(),
                        token.path("rstrip").asBoolean(),
                        token.path("normalized").asBoolean(!special)))
                .filter(added -> !added.text().isEmpty());
    }

    static String requireText(String text, Path file) throws InvalidVocabularyException {
        if (Utf8.indexOfLoneSurrogate(text) >= 0) {
            throw new InvalidVocabularyException(
                    file, "an added token with a lone surrogate", "tokens that can be written in UTF-8", GET_AGAIN);
        }
        return text;
    }

    static int requireId(JsonNode id, String text, Path file) throws InvalidVocabularyException {
        if (!id.isIntegralNumber()
                || !id.canConvertToInt()
                || id.intValue() < 0
                || id.intValue() > VocabularyFiles.MAX_ID) {
            String found = id.isMissingNode() ? "none" : VocabularyFiles.abbreviate(id.toString());
            throw new InvalidVocabularyException(
                    file,
                    "the id " + found + " for the added token " + quote(text),
                    "a whole number from 0 to " + VocabularyFiles.MAX_ID,
                    GET_AGAIN);
        }
        return id.intValue();
    }
}
