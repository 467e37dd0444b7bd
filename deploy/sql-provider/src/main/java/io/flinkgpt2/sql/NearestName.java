package io.flinkgpt2.sql;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/** The known name that a misspelt one was probably meant to be. */
final class NearestName {

    /** No name here is longer; a longer unknown one is not compared. */
    private static final int LONGEST_COMPARED = 64;

    private NearestName() {}

    /** Returns the known name that differs least: in case, hyphens and the like only, or in at most two letters. */
    static Optional<String> of(String unknown, Collection<String> known) {
        String letters = letters(unknown);
        if (letters.length() > LONGEST_COMPARED) {
            return Optional.empty();
        }
        String nearest = null;
        int least = Integer.MAX_VALUE;
        for (String candidate : known) {
            String other = letters(candidate);
            int distance = distance(letters, other);
            int allowed = Math.min(2, Math.min(letters.length(), other.length()) / 3);
            if (distance <= allowed && distance < least) {
                least = distance;
                nearest = candidate;
            }
        }
        return Optional.ofNullable(nearest);
    }

    /** Returns "; did you mean 'x'?", or nothing where no known name is near. */
    static String hint(String unknown, Collection<String> known) {
        return of(unknown, known)
                .map(meant -> "; did you mean '" + meant + "'?")
                .orElse("");
    }

    private static String letters(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[-_. ]", "");
    }

    /** Returns the number of insertions, deletions and substitutions that turn one into the other. */
    private static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int same = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(same, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[to.length()];
    }
}
