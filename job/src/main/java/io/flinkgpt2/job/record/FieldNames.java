package io.flinkgpt2.job.record;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** The names of the fields of a request and of its envelope, and what an unknown name may have been meant to be. */
public final class FieldNames {
    static final List<String> OF_THE_ENVELOPE = List.of("custom_id", "method", "url", "body");

    /** Names that other interfaces have for fields of a request. */
    private static final Map<String, String> ELSEWHERE = Map.of(
            "max_new_tokens", "max_tokens",
            "max_completion_tokens", "max_tokens",
            "max_output_tokens", "max_tokens",
            "num_predict", "max_tokens",
            "stop_sequences", "stop",
            "input", "prompt",
            "inputs", "prompt");

    /** No name of the format has more characters; a longer unknown one is not compared. */
    private static final int LONGEST_COMPARED = 64;

    private FieldNames() {}

    /** Returns "unknown field 'x'" with the name that was meant, if there is one near, and the known ones. */
    static String unknown(String name, boolean inEnvelope) {
        Collection<String> body = RequestFields.all().keySet();
        Collection<String> own = inEnvelope ? OF_THE_ENVELOPE : body;
        Collection<String> others = inEnvelope ? body : OF_THE_ENVELOPE;
        String unknown = "unknown field " + WireText.quoted(name) + (inEnvelope ? " of the envelope" : "");
        String known = "Known fields: "
                + (inEnvelope
                        ? String.join(", ", OF_THE_ENVELOPE)
                        : RequestFields.supported().stream()
                                        .map(RequestField::name)
                                        .collect(Collectors.joining(", "))
                                + "; others of OpenAI's and vLLM's only with a value that changes nothing")
                + ". Leave the field out, or run the job with records.unknown-fields = ignore";
        Optional<String> meant = nearest(name, own);
        if (meant.isPresent()) {
            return unknown + "; did you mean '" + meant.get() + "'? " + known;
        }
        if (others.contains(name)) {
            String place =
                    inEnvelope ? "; it belongs into 'body'. " : "; it belongs to the envelope, outside of 'body'. ";
            return unknown + place + known;
        }
        return unknown + ". " + known;
    }

    /** Returns the known name that differs least: in case, hyphens and the like only, or in a few letters. */
    public static Optional<String> nearest(String name, Collection<String> known) {
        if (name.length() > LONGEST_COMPARED) {
            return Optional.empty();
        }
        String elsewhere = ELSEWHERE.get(name);
        if (elsewhere != null && known.contains(elsewhere)) {
            return Optional.of(elsewhere);
        }
        String letters = letters(name);
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

    private static int allowed(int length) {
        return length < 3 ? 0 : length < 6 ? 1 : 2;
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
