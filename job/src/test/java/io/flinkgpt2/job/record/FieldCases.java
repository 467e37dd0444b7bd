package io.flinkgpt2.job.record;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The rows of {@code records/field-cases.txt}: values of fields, and what comes of them. */
final class FieldCases {

    private static final String FILE = "/records/field-cases.txt";

    private FieldCases() {}

    /**
     * One value of one field.
     *
     * @param kind {@code valid}, {@code edge} or {@code invalid}
     * @param value JSON
     * @param expected path and value of a part of the request; or code and param of the refusal
     * @param others further fields, JSON members; may be empty
     */
    record Case(String field, String kind, String value, String expected, String others) {
        boolean isTaken() {
            return !kind.equals("invalid");
        }

        /** A request that has the field, and a prompt if none is given. */
        String json() {
            String prompt = field.equals("prompt") || others.contains("\"prompt\"") ? "" : ",\"prompt\":\"Hi\"";
            String other = others.isEmpty() ? "" : "," + others;
            return "{\"" + field + "\":" + value + prompt + other + "}";
        }

        @Override
        public String toString() {
            return String.join(" ", field, kind, value, others);
        }
    }

    static List<Case> all() {
        try (InputStream in = FieldCases.class.getResourceAsStream(FILE)) {
            List<Case> cases = new ArrayList<>();
            for (String line : new String(in.readAllBytes(), UTF_8).lines().toList()) {
                if (line.isBlank() || line.startsWith("#")) {
                    continue;
                }
                String[] cells = Arrays.stream(line.split(" \\| ", -1))
                        .map(String::strip)
                        .toArray(String[]::new);
                cases.add(new Case(
                        cells[0], cells[1], expanded(cells[2]), cells[3], cells.length > 4 ? expanded(cells[4]) : ""));
            }
            return cases;
        } catch (IOException e) {
            throw new UncheckedIOException(FILE, e);
        }
    }

    /** Returns a value with {@code [REPEAT n]} as n ones, and {@code [COUNT n]} as 0, 1, 2, ... */
    private static String expanded(String value) {
        return Stream.of("REPEAT", "COUNT").reduce(value, (text, word) -> {
            int start = text.indexOf("[" + word + " ");
            if (start < 0) {
                return text;
            }
            int end = text.indexOf(']', start);
            int count = Integer.parseInt(text.substring(start + word.length() + 2, end));
            String ids = IntStream.range(0, count)
                    .mapToObj(i -> word.equals("REPEAT") ? "1" : String.valueOf(i))
                    .collect(Collectors.joining(",", "[", "]"));
            return text.substring(0, start) + ids + text.substring(end + 1);
        });
    }
}
