package io.flinkgpt2.validation;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** An object of a file of expected values, whose fields are asked for by type; whatever is of another is refused by name. */
final class ExpectedJson {

    private static final String ADVICE = "check that it is the right file, and how it was made";

    private final Path file;
    private final String where;
    private final JsonNode node;

    ExpectedJson(Path file, String where, JsonNode node) throws InvalidExpectedValuesException {
        this.file = file;
        this.where = where;
        this.node = node;
        if (!node.isObject()) {
            throw invalid("value", kind(node), "an object", null);
        }
    }

    boolean has(String field) {
        return node.has(field);
    }

    List<String> names() {
        List<String> names = new ArrayList<>();
        node.fieldNames().forEachRemaining(names::add);
        return names;
    }

    /** A field that nobody knows would silently not be compared. */
    void allowOnly(List<String> known) throws InvalidExpectedValuesException {
        for (String name : names()) {
            if (!known.contains(name)) {
                throw invalid("field", "'" + name + "'", "only " + known, null);
            }
        }
    }

    ExpectedJson object(String field) throws InvalidExpectedValuesException {
        return new ExpectedJson(file, where + "." + field, required(field));
    }

    Array array(String field) throws InvalidExpectedValuesException {
        return new Array(file, where + "." + field, required(field));
    }

    String string(String field) throws InvalidExpectedValuesException {
        JsonNode value = required(field);
        if (!value.isTextual()) {
            throw invalid(field, kind(value), "a string", null);
        }
        return value.textValue();
    }

    int integer(String field) throws InvalidExpectedValuesException {
        return integer(file, where + "." + field, required(field));
    }

    double number(String field) throws InvalidExpectedValuesException {
        return number(file, where + "." + field, required(field));
    }

    InvalidExpectedValuesException invalid(String field, String found, String expected, Throwable cause) {
        return new InvalidExpectedValuesException(file, where + ", " + field, found, expected, ADVICE, cause);
    }

    private JsonNode required(String field) throws InvalidExpectedValuesException {
        JsonNode value = node.get(field);
        if (value == null) {
            throw invalid(field, "nothing", "a value", null);
        }
        return value;
    }

    private static int integer(Path file, String where, JsonNode value) throws InvalidExpectedValuesException {
        if (!value.isIntegralNumber() || !value.canConvertToInt()) {
            throw new InvalidExpectedValuesException(file, where, kind(value), "an integer", ADVICE, null);
        }
        return value.intValue();
    }

    private static double number(Path file, String where, JsonNode value) throws InvalidExpectedValuesException {
        if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
            throw new InvalidExpectedValuesException(file, where, kind(value), "a number", ADVICE, null);
        }
        return value.doubleValue();
    }

    private static String kind(JsonNode value) {
        return value.isValueNode() && !value.isTextual()
                ? value.asText()
                : "a value of type " + value.getNodeType().name().toLowerCase(Locale.ROOT);
    }

    /** An array of such a file. */
    static final class Array {

        private final Path file;
        private final String where;
        private final JsonNode node;

        private Array(Path file, String where, JsonNode node) throws InvalidExpectedValuesException {
            this.file = file;
            this.where = where;
            this.node = node;
            if (!node.isArray()) {
                throw new InvalidExpectedValuesException(file, where, kind(node), "an array", ADVICE, null);
            }
        }

        int size() {
            return node.size();
        }

        ExpectedJson object(int i) throws InvalidExpectedValuesException {
            return new ExpectedJson(file, where + "[" + i + "]", node.get(i));
        }

        Array array(int i) throws InvalidExpectedValuesException {
            return new Array(file, where + "[" + i + "]", node.get(i));
        }

        int integer(int i) throws InvalidExpectedValuesException {
            if (i >= node.size()) {
                throw invalid(node.size() + " values", "more");
            }
            return ExpectedJson.integer(file, where + "[" + i + "]", node.get(i));
        }

        double number(int i) throws InvalidExpectedValuesException {
            if (i >= node.size()) {
                throw invalid(node.size() + " values", "more");
            }
            return ExpectedJson.number(file, where + "[" + i + "]", node.get(i));
        }

        int[] integers() throws InvalidExpectedValuesException {
            int[] values = new int[node.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = integer(i);
            }
            return values;
        }

        double[] numbers() throws InvalidExpectedValuesException {
            double[] values = new double[node.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = number(i);
            }
            return values;
        }

        InvalidExpectedValuesException invalid(String found, String expected) {
            return new InvalidExpectedValuesException(file, where, found, expected, ADVICE, null);
        }
    }
}
