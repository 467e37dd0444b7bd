package io.flinkgpt2.constraint;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Iterator;
import java.util.Map;

/** The one spelling of each JSON value that is generated: compact, and each character as short as JSON allows. */
final class JsonTexts {
    /** The characters that a JSON string cannot hold as they are. */
    static final CodePoints ESCAPED = CodePoints.between(0, 0x1f).union(CodePoints.of("\"\\"));

    private static final String SHORT = "\"\\\b\f\n\r\t";
    private static final String LETTERS = "\"\\bfnrt";

    private JsonTexts() {}

    /** Returns the value with its keys in the order that they have. */
    static String of(JsonNode value) {
        StringBuilder out = new StringBuilder();
        append(out, value);
        return out.toString();
    }

    private static void append(StringBuilder out, JsonNode value) {
        if (value.isTextual()) {
            out.append(string(value.textValue()));
        } else if (value.isArray()) {
            out.append('[');
            String separator = "";
            for (JsonNode item : value) {
                out.append(separator);
                append(out, item);
                separator = ",";
            }
            out.append(']');
        } else if (value.isObject()) {
            out.append('{');
            String separator = "";
            for (Iterator<Map.Entry<String, JsonNode>> fields = value.fields(); fields.hasNext(); separator = ",") {
                Map.Entry<String, JsonNode> field = fields.next();
                out.append(separator).append(string(field.getKey())).append(':');
                append(out, field.getValue());
            }
            out.append('}');
        } else {
            out.append(value.asText());
        }
    }

    /** Returns a string with its quotes. */
    static String string(String text) {
        return '"' + escape(text) + '"';
    }

    /** Returns the inside of a string: the short escapes, {@code \}{@code u00XX} in lower case, all else literally. */
    static String escape(String text) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            int at = SHORT.indexOf(c);
            if (at >= 0) {
                out.append('\\').append(LETTERS.charAt(at));
            } else if (c < 0x20) {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.toString();
    }
}
