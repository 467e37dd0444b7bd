package io.flinkgpt2.sql;

import java.util.ArrayList;
import java.util.List;

/** The option {@code stop}: texts in one line of CSV. */
final class StopList {

    private StopList() {}

    /**
     * Returns the texts. They are separated by commas; one in double quotes may hold commas, and quotes written twice. Spaces
     * count.
     *
     * @throws IllegalArgumentException if a quoted text does not end, or something follows its end
     */
    static List<String> parse(String csv) {
        List<String> texts = new ArrayList<>();
        int i = 0;
        while (true) {
            StringBuilder text = new StringBuilder();
            i = i < csv.length() && csv.charAt(i) == '"' ? quoted(csv, i, text) : bare(csv, i, text);
            texts.add(text.toString());
            if (i == csv.length()) {
                return texts;
            }
            i++; // the comma
        }
    }

    private static int bare(String csv, int start, StringBuilder text) {
        int comma = csv.indexOf(',', start);
        int end = comma < 0 ? csv.length() : comma;
        text.append(csv, start, end);
        return end;
    }

    private static int quoted(String csv, int start, StringBuilder text) {
        for (int i = start + 1; i < csv.length(); i++) {
            if (csv.charAt(i) != '"') {
                text.append(csv.charAt(i));
            } else if (i + 1 < csv.length() && csv.charAt(i + 1) == '"') {
                text.append('"');
                i++;
            } else if (i + 1 == csv.length() || csv.charAt(i + 1) == ',') {
                return i + 1;
            } else {
                throw new IllegalArgumentException("text after the closing quote at character " + (i + 1));
            }
        }
        throw new IllegalArgumentException("a quote at character " + (start + 1) + " that is not closed");
    }
}
