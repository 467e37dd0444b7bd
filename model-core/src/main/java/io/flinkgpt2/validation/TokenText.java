package io.flinkgpt2.validation;

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

    /** On one line, shortened. */
    static String quoted(String text) {
        String head = text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "...";
        StringBuilder quoted = new StringBuilder("\"");
        head.codePoints().forEach(c -> {
            switch (c) {
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '\t' -> quoted.append("\\t");
                case '"' -> quoted.append("\\\"");
                case '\\' -> quoted.append("\\\\");
                default -> quoted.appendCodePoint(isPrintable(c) ? c : 0xFFFD);
            }
        });
        return quoted.append('"').toString();
    }

    /** Not what would break the line, nor the half character where it was shortened. */
    private static boolean isPrintable(int codePoint) {
        return !Character.isISOControl(codePoint) && Character.getType(codePoint) != Character.SURROGATE;
    }
}
