package io.flinkgpt2.constraint;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The values that a schema gives one by one, and how values are shown in messages. */
final class SchemaValues {
    private static final int LONGEST_SHOWN = 60;

    private SchemaValues() {}

    /** Returns the spellings of a schema's {@code enum} or {@code const}, of the types that it allows. */
    static List<String> texts(SchemaPart schema) throws InvalidConstraintException {
        String keyword = schema.has("enum") ? "enum" : "const";
        int others = schema.size() - 1 - (schema.has("type") ? 1 : 0);
        if (others > 0) {
            throw schema.refused("'" + keyword + "' beside other keywords", "it alone, or with 'type'");
        }
        JsonNode given = schema.get(keyword);
        if (keyword.equals("enum") && !given.isArray()) {
            throw schema.refused(keyword, given, "an array of values");
        }
        Set<String> types = schema.types();
        List<String> texts = new ArrayList<>();
        for (JsonNode value : keyword.equals("enum") ? given : List.of(given)) {
            if (isOf(types, value)) {
                String text = JsonTexts.of(value);
                requireWellFormed(text, schema.path() + "/" + keyword);
                texts.add(text);
            }
        }
        return texts;
    }

    private static boolean isOf(Set<String> types, JsonNode value) {
        return switch (value.getNodeType()) {
            case STRING -> types.contains("string");
            case BOOLEAN -> types.contains("boolean");
            case NULL -> types.contains("null");
            case OBJECT -> types.contains("object");
            case ARRAY -> types.contains("array");
            case NUMBER -> types.contains("number") || (types.contains("integer") && isInteger(value.decimalValue()));
            default -> throw new IllegalStateException(value.getNodeType().toString());
        };
    }

    private static boolean isInteger(BigDecimal value) {
        return value.signum() == 0 || value.stripTrailingZeros().scale() <= 0;
    }

    /** @throws InvalidConstraintException if a text has a lone surrogate */
    static void requireWellFormed(String text, String path) throws InvalidConstraintException {
        for (int i = 0; i < text.length(); i++) {
            int c = text.codePointAt(i);
            if (CodePoints.isSurrogate(c)) {
                throw new InvalidConstraintException(
                        path,
                        String.format(
                                "found the lone surrogate U+%04X at index %d, expected text that has a UTF-8 form",
                                c, i));
            }
            i += Character.charCount(c) - 1;
        }
    }

    /** Returns a value as it may stand in a message. */
    static String shown(JsonNode value) {
        if (value.isObject() || value.isArray()) {
            return (value.isObject() ? "an object" : "an array") + (value.isEmpty() ? " without content" : "");
        }
        return shortened(JsonTexts.of(value));
    }

    static String shortened(String text) {
        return text.length() <= LONGEST_SHOWN ? text : text.substring(0, LONGEST_SHOWN) + "...";
    }
}
