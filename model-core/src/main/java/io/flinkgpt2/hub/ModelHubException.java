package io.flinkgpt2.hub;

import java.io.IOException;

/**
 * A model that cannot be resolved or fetched: says which, what was found, what was expected and what to do. Its message never
 * holds a token, nor the query of a redirect, which can be a secret too.
 */
public final class ModelHubException extends IOException {
    private static final long serialVersionUID = 1L;

    /** Longest piece of foreign text in a message, in characters. */
    private static final int LONGEST_QUOTE = 200;

    /**
     * @param subject the model or file, such as {@code model gpt2, file config.json}
     * @param found what is there; foreign text goes through {@link #quoted}
     * @param expected what should be there
     * @param advice what the user can do
     */
    ModelHubException(String subject, String found, String expected, String advice) {
        this(subject, found, expected, advice, null);
    }

    /** As the other constructor, with the error that brought the fault to light, or null. */
    ModelHubException(String subject, String found, String expected, String advice, Throwable cause) {
        super(subject + ": found " + found + ", expected " + expected + "; " + advice, cause);
    }

    /** With a whole message. */
    ModelHubException(String message, Throwable cause) {
        super(message, cause);
    }

    /** Returns the same, with what came before it. */
    ModelHubException after(String prelude) {
        return new ModelHubException(prelude + getMessage(), this);
    }

    /** Foreign text in single quotes, fit for a message: shortened, control characters replaced by {@code ?}. */
    static String quoted(String text) {
        String head = text.length() <= LONGEST_QUOTE ? text : text.substring(0, LONGEST_QUOTE) + "...";
        StringBuilder printable = new StringBuilder("'");
        head.codePoints()
                .map(c -> Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE ? '?' : c)
                .forEach(printable::appendCodePoint);
        return printable.append('\'').toString();
    }
}
