package io.flinkgpt2.json;

/** Text in double quotes, as messages and descriptions show it. */
public final class QuotedText {

    private QuotedText() {}

    /**
     * Returns a text on one line in double quotes, escaped as in JSON. A longer one is cut and ends with three dots; what cannot
     * be printed becomes U+FFFD.
     *
     * @param longest maximum number of UTF-16 code units that are shown
     */
    public static String of(String text, int longest) {
        String head = text.length() <= longest ? text : text.substring(0, longest) + "...";
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

    /** Returns false for what would break the line, and for the half character where the text was cut. */
    private static boolean isPrintable(int codePoint) {
        return !Character.isISOControl(codePoint) && Character.getType(codePoint) != Character.SURROGATE;
    }
}
