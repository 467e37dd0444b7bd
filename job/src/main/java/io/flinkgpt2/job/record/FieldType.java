package io.flinkgpt2.job.record;

import java.util.List;
import java.util.function.DoublePredicate;
import java.util.stream.Collectors;

/**
 * The values that a field takes, beside null.
 *
 * @param words for the documentation and for messages
 * @param schema text of a JSON Schema of them
 */
record FieldType(String words, String schema) {

    static FieldType integer(long lowest, long highest) {
        String range = lowest == Long.MIN_VALUE ? "integer of 64 bits" : "integer, " + lowest + ".." + highest;
        return new FieldType(range, "{\"type\":\"integer\",\"minimum\":" + lowest + ",\"maximum\":" + highest + "}");
    }

    static FieldType flag() {
        return new FieldType("boolean", "{\"type\":\"boolean\"}");
    }

    static FieldType string() {
        return new FieldType("string", "{\"type\":\"string\"}");
    }

    /** Returns a string of a number of characters (code points). */
    static FieldType string(int shortest, int longest) {
        return new FieldType(
                "string, " + shortest + ".." + longest + " characters",
                "{\"type\":\"string\",\"minLength\":" + shortest + ",\"maxLength\":" + longest + "}");
    }

    static FieldType words(List<String> words) {
        List<String> quoted = words.stream().map(RecordJson::quote).toList();
        int last = quoted.size() - 1;
        return new FieldType(
                String.join(", ", quoted.subList(0, last)) + " or " + quoted.get(last),
                quoted.stream().collect(Collectors.joining(",", "{\"enum\":[", "]}")));
    }

    static FieldType object() {
        return new FieldType("object", "{\"type\":\"object\"}");
    }

    /** Returns an array of token ids. */
    static FieldType tokenIds(int fewest, int most) {
        String words = "array of token ids"
                + (fewest > 0 ? ", " + fewest + " or more" : most == Integer.MAX_VALUE ? "" : ", at most " + most);
        return new FieldType(
                words,
                "{\"type\":\"array\",\"items\":{\"type\":\"integer\",\"minimum\":0},\"minItems\":" + fewest
                        + (most == Integer.MAX_VALUE ? "" : ",\"maxItems\":" + most) + "}");
    }

    /**
     * A range of numbers.
     *
     * @param words it in words, after "a"
     * @param schema its bounds, as members of a JSON Schema with a comma before each
     * @param allowed whether a finite number is in it
     */
    record Range(String words, String schema, DoublePredicate allowed) {

        static Range any() {
            return new Range("number", "", value -> true);
        }

        static Range atLeast(double lowest) {
            return new Range(
                    "number of " + plain(lowest) + " or more",
                    ",\"minimum\":" + plain(lowest),
                    value -> value >= lowest);
        }

        static Range above(double bound) {
            return new Range(
                    "number above " + plain(bound), ",\"exclusiveMinimum\":" + plain(bound), value -> value > bound);
        }

        static Range between(double lowest, double highest) {
            return new Range(
                    "number, " + plain(lowest) + ".." + plain(highest),
                    ",\"minimum\":" + plain(lowest) + ",\"maximum\":" + plain(highest),
                    value -> value >= lowest && value <= highest);
        }

        /** Returns the shares of a whole: above 0 and at most 1. */
        static Range share() {
            return new Range(
                    "number above 0 and at most 1",
                    ",\"exclusiveMinimum\":0,\"maximum\":1",
                    value -> value > 0 && value <= 1);
        }

        private static String plain(double bound) {
            return String.valueOf((long) bound);
        }

        FieldType type() {
            return new FieldType(words, "{\"type\":\"number\"" + schema + "}");
        }
    }
}
