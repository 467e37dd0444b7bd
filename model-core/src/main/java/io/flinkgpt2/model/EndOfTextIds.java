package io.flinkgpt2.model;

import com.fasterxml.jackson.databind.JsonNode;
import io.flinkgpt2.weights.InvalidModelException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The end-of-text ids in a model's files. */
final class EndOfTextIds {

    /** The field's name in {@code config.json} and {@code generation_config.json}. */
    static final String FIELD = "eos_token_id";

    private EndOfTextIds() {}

    /**
     * Reads the field: one id, an array of them, or null for none.
     *
     * @throws InvalidModelException if it is something else
     */
    static List<Integer> parse(Path file, JsonNode value) throws InvalidModelException {
        List<Integer> ids = new ArrayList<>();
        if (value.isArray()) {
            for (JsonNode id : value) {
                ids.add(id(file, value, id));
            }
        } else if (!value.isNull()) {
            ids.add(id(file, value, value));
        }
        return ids;
    }

    private static int id(Path file, JsonNode field, JsonNode id) throws InvalidModelException {
        if (!id.isIntegralNumber() || !id.canConvertToInt()) {
            throw new InvalidModelException(
                    file,
                    FIELD,
                    InvalidModelException.quoted(field.toString()),
                    "a token id, an array of them, or null",
                    "correct the file");
        }
        return id.intValue();
    }

    /** Drops ids outside of the vocabulary, which no token has, and those that came before. */
    static List<Integer> within(int vocabularySize, List<Integer> ids) {
        return ids.stream()
                .filter(id -> id >= 0 && id < vocabularySize)
                .distinct()
                .toList();
    }
}
