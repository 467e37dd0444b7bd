package io.flinkgpt2.constraint;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * The sets of {@code \p{...}}, found by asking {@link Pattern} about every code point: what a name means there, it means here.
 * Keeps those that were used last. Thread-safe.
 */
final class UnicodeProperties {
    private static final int MOST_KEPT = 64;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_=\\- ]{1,64}");

    /** First UTF-16 code unit of the supplementary characters in {@link #everyCharacter}. */
    private static final int SUPPLEMENTARY =
            Character.MIN_SUPPLEMENTARY_CODE_POINT - (Character.MAX_SURROGATE + 1 - Character.MIN_SURROGATE);

    private final Map<String, CodePoints> kept = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, CodePoints> eldest) {
            return size() > MOST_KEPT;
        }
    };

    /** Returns the set of a property, or null if there is none of this name. */
    synchronized CodePoints get(String name) {
        CodePoints set = kept.get(name);
        if (set == null && NAME.matcher(name).matches()) {
            set = find(name);
            if (set != null) {
                kept.put(name, set);
            }
        }
        return set;
    }

    private static CodePoints find(String name) {
        Pattern runs;
        try {
            runs = Pattern.compile("\\p{" + name + "}++");
        } catch (PatternSyntaxException e) {
            return null;
        }
        CodePoints.Builder set = new CodePoints.Builder();
        Matcher matcher = runs.matcher(everyCharacter());
        while (matcher.find()) {
            set.add(codePointAt(matcher.start()), codePointAt(matcher.end() - 1));
        }
        return set.build();
    }

    private static String everyCharacter() {
        StringBuilder all = new StringBuilder(2 * Character.MAX_CODE_POINT);
        for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
            if (!CodePoints.isSurrogate(c)) {
                all.appendCodePoint(c);
            }
        }
        return all.toString();
    }

    private static int codePointAt(int index) {
        if (index >= SUPPLEMENTARY) {
            return Character.MIN_SUPPLEMENTARY_CODE_POINT + (index - SUPPLEMENTARY) / 2;
        }
        return index < Character.MIN_SURROGATE ? index : index - Character.MIN_SURROGATE + Character.MAX_SURROGATE + 1;
    }
}
