package io.flinkgpt2.validation;

import io.flinkgpt2.json.QuotedText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Token ids and texts, as the results show them. */
final class TokenText {

    private static final int LONGEST = 200;

    private TokenText() {}

    static List<Number> first(int[] tokenIds) {
        List<Number> first = new ArrayList<>();
        for (int i = 0; i < Math.min(CheckResult.SHOWN, tokenIds.length); i++) {
            first.add(tokenIds[i]);
        }
        return first;
    }

    /** Returns where two different sequences part. */
    static String difference(int[] found, int[] expected) {
        int i = Arrays.mismatch(found, expected);
        return "token " + i + ": found " + (i < found.length ? "id " + found[i] : "the end") + ", expected "
                + (i < expected.length ? "id " + expected[i] : "the end") + "; found " + Arrays.toString(found)
                + ", expected " + Arrays.toString(expected);
    }

    /** Returns a text on one line, shortened. */
    static String quoted(String text) {
        return QuotedText.of(text, LONGEST);
    }
}
