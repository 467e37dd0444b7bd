package io.flinkgpt2.cli.common;

/** Text from elsewhere, made fit to be shown to a person on a terminal; what is printed for machines is not changed. */
public final class Printable {

    private Printable() {}

    /** Returns the text with {@code ?} for each control character but line feeds and tabs. */
    public static String text(String text) {
        return shown(text, true);
    }

    /** As {@link #text}, on one line: line feeds and tabs are {@code ?} too, so that no text can pass for a line of its own. */
    public static String line(String text) {
        return shown(text, false);
    }

    private static String shown(String text, boolean lines) {
        StringBuilder shown = new StringBuilder(text.length());
        text.codePoints()
                .map(c -> isSteering(c) && !(lines && (c == '\n' || c == '\t')) ? '?' : c)
                .forEach(shown::appendCodePoint);
        return shown.toString();
    }

    /**
     * Control characters, the separators that some take for the end of a line, and those that turn the direction of writing.
     */
    private static boolean isSteering(int c) {
        int type = Character.getType(c);
        return Character.isISOControl(c)
                || type == Character.LINE_SEPARATOR
                || type == Character.PARAGRAPH_SEPARATOR
                || type == Character.SURROGATE
                || (c >= 0x202a && c <= 0x202e)
                || (c >= 0x2066 && c <= 0x2069);
    }
}
