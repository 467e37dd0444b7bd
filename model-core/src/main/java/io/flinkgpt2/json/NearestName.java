package io.flinkgpt2.json;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/** The known name that a misspelt one was probably meant to be: of a field, an option, a command or a value. */
public final class NearestName {

    /** No known name is longer; a longer unknown one is not compared. */
    private static final int LONGEST_COMPARED = 64;

    private NearestName() {}

    /**
     * Returns the known name that differs least: in case, hyphens and the like only, or in one letter of three to five, or in
     * two letters of more. Two neighbours that are exchanged count as one.
     */
    public static Optional<String> of(String unknown, Collection<String> known) {
        if (unknown.length() > LONGEST_COMPARED) {
            return Optional.empty();
        }
        String letters = letters(unknown);
        String nearest = null;
        int least = Integer.MAX_VALUE;
        for (String candidate : known) {
            String other = letters(candidate);
            int distance = distance(letters, other);
            if (distance < least && distance <= allowed(Math.min(letters.length(), other.length()))) {
                least = distance;
                nearest = candidate;
            }
        }
        return Optional.ofNullable(nearest);
    }

    /** Returns "; did you mean 'x'?", or an empty string where no known name is near. */
    public static String hint(String unknown, Collection<String> known) {
        return hint(of(unknown, known));
    }

    /** Returns "; did you mean 'x'?", or an empty string if there is no such name. */
    public static String hint(Optional<String> meant) {
        return meant.map(name -> "; did you mean '" + name + "'?").orElse("");
    }

    private static int allowed(int length) {
        return Math.min(2, length / 3);
    }

    private static String letters(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[-_. ]", "");
    }

    /** Insertions, deletions, substitutions and exchanges of neighbours that turn one into the other. */
    private static int distance(String from, String to) {
        int[][] distances = new int[from.length() + 1][to.length() + 1];
        for (int i = 0; i <= from.length(); i++) {
            for (int j = 0; j <= to.length(); j++) {
                distances[i][j] = i == 0 || j == 0 ? i + j : least(distances, from, to, i, j);
            }
        }
        return distances[from.length()][to.length()];
    }

    private static int least(int[][] distances, String from, String to, int i, int j) {
        boolean same = from.charAt(i - 1) == to.charAt(j - 1);
        int least = Math.min(distances[i - 1][j], distances[i][j - 1]) + 1;
        least = Math.min(least, distances[i - 1][j - 1] + (same ? 0 : 1));
        boolean exchanged =
                i > 1 && j > 1 && from.charAt(i - 1) == to.charAt(j - 2) && from.charAt(i - 2) == to.charAt(j - 1);
        return exchanged ? Math.min(least, distances[i - 2][j - 2] + 1) : least;
    }
}
