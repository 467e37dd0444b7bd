package io.flinkgpt2.weights;

import java.io.IOException;
import java.nio.file.Path;

/** A model's file that cannot be used: says where, what was found, what was expected and what to do. */
public final class InvalidModelException extends IOException {
    private static final long serialVersionUID = 1L;

    /** Longest piece of foreign text in a message, in characters. */
    private static final int LONGEST_QUOTE = 200;

    private final String file;
    private final String subject;
    private final String found;
    private final String expected;
    private final String advice;

    /**
     * @param file the file, or the directory, that is wrong
     * @param subject the tensor or field, such as {@code tensor 'wte.weight', shape}
     * @param found what is there; foreign text goes through {@link #quoted}
     * @param expected what should be there
     * @param advice what the user can do
     */
    public InvalidModelException(Path file, String subject, String found, String expected, String advice) {
        this(file, subject, found, expected, advice, null);
    }

    /** As the other constructor, with the error that brought the fault to light, or null. */
    public InvalidModelException(
            Path file, String subject, String found, String expected, String advice, Throwable cause) {
        super(file + ": " + subject + ": found " + found + ", expected " + expected + "; " + advice, cause);
        this.file = file.toString();
        this.subject = subject;
        this.found = found;
        this.expected = expected;
        this.advice = advice;
    }

    /** Path of the file or directory, as it was given. */
    public String file() {
        return file;
    }

    /** Returns the tensor or field. */
    public String subject() {
        return subject;
    }

    /** Returns what was found. */
    public String found() {
        return found;
    }

    /** Returns what was expected. */
    public String expected() {
        return expected;
    }

    /** Returns what the user can do. */
    public String advice() {
        return advice;
    }

    /** Text from a file in single quotes, fit for a message: shortened, control characters replaced by {@code ?}. */
    public static String quoted(String text) {
        return "'" + printable(text) + "'";
    }

    /** As {@link #quoted}, without the quotes. */
    static String printable(String text) {
        String head = text.length() <= LONGEST_QUOTE ? text : text.substring(0, LONGEST_QUOTE) + "...";
        return head.codePoints()
                .map(c -> Character.isISOControl(c) || isSurrogate(c) ? '?' : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    private static boolean isSurrogate(int codePoint) {
        return Character.getType(codePoint) == Character.SURROGATE;
    }
}
