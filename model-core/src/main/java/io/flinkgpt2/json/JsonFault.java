package io.flinkgpt2.json;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import java.io.IOException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The reason why a text is not JSON, in words for the one who wrote the text. Jackson's own messages advise the programmer who
 * calls it: they name features to enable, and repeat places whose source is "REDACTED".
 */
public final class JsonFault {
    /** Longest piece of the text that a reason repeats, in characters. */
    private static final int LONGEST_QUOTE = 100;

    private static final String A_VALUE = "expected a value, such as a number or a string in double quotes";

    /** The form of each of Jackson's messages, and the reason; $1 and $2 are groups. The first that matches counts. */
    private static final List<Phrase> PHRASES = List.of(
            phrase("Duplicate \\w+ ['\"](.*)['\"]", "found the name '$1' twice, expected it once"),
            phrase("Trailing token .*", "found more text after the end, expected one JSON value"),
            phrase(
                    "Non-standard token '(.*)': enable.*",
                    "found $1, which JSON does not have; expected a finite number"),
            phrase("Unrecognized token '(.*)': was expecting.*", "found '$1', " + A_VALUE),
            phrase("Invalid numeric value: Leading zero.*", "found a number with leading zeros, expected it without"),
            phrase(
                    "Unexpected character \\('\\+' .*numeric value.*",
                    "found a number with a plus sign, expected it without"),
            phrase("Unexpected character \\((.*) \\(code .*numeric value.*", "found $1 in a number, expected a digit"),
            phrase("Invalid numeric value.*", "found a malformed number, expected digits"),
            phrase(
                    "Unexpected character \\((.*) \\(code .*double-quote to start .*name",
                    "found $1, expected a name in double quotes"),
            phrase(
                    "Unexpected character \\((.*) \\(code .*comma to separate Object.*",
                    "found $1, expected a comma or the end of the object"),
            phrase(
                    "Unexpected character \\((.*) \\(code .*comma to separate Array.*",
                    "found $1, expected a comma or the end of the array"),
            phrase("Unexpected character \\((.*) \\(code .*a colon.*", "found $1, expected a colon after the name"),
            phrase(
                    "Unexpected character \\((.*) \\(code .*hex-digit.*",
                    "found $1 in an escape, expected four hexadecimal digits"),
            phrase(
                    "Unexpected character \\((.*) \\(code .*comment.*",
                    "found $1, expected no comment: JSON does not have them"),
            phrase("Unexpected character \\((.*) \\(code .*", "found $1, " + A_VALUE),
            phrase("Unexpected close marker '(.)'.*", "found '$1', which closes nothing that is open"),
            phrase("Unrecognized character escape (.*) \\(code.*", "found the escape of $1, which JSON does not have"),
            phrase(
                    "Illegal unquoted character \\(\\(CTRL-CHAR, code (\\d+)\\)\\).*",
                    "found the control character $1 in a string, expected it escaped"),
            phrase(
                    "Illegal character \\(\\(CTRL-CHAR, code (\\d+)\\)\\).*",
                    "found the control character $1, expected none but spaces, tabs and ends of lines"),
            phrase(
                    "Document nesting depth \\(\\d+\\) .*maximum allowed \\((\\d+).*",
                    "found objects and arrays within each other, expected at most $1 levels"),
            phrase(
                    "Number value length \\((\\d+)\\) .*maximum allowed \\((\\d+).*",
                    "found a number of $1 characters or more, expected at most $2"),
            phrase(
                    "String value length \\((\\d+)\\) .*maximum allowed \\((\\d+).*",
                    "found a string of $1 characters or more, expected at most $2"),
            phrase(
                    "\\w*\\s?[Nn]ame length \\((\\d+)\\) .*maximum allowed \\((\\d+).*",
                    "found a name of $1 characters or more, expected at most $2"));

    private JsonFault() {}

    private record Phrase(Pattern form, String reason) {}

    private static Phrase phrase(String form, String reason) {
        return new Phrase(Pattern.compile(form, Pattern.DOTALL), reason);
    }

    /**
     * Returns the reason: a clause without a place and without a full stop, such as "found the name 'seed' twice, expected it
     * once". What it repeats of the text is shortened; control characters and lone surrogates become {@code ?}.
     */
    public static String reason(JsonProcessingException e) {
        if (e instanceof JsonEOFException) {
            return "found the end of the text too early, expected the end of what it opened";
        }
        String message = e.getOriginalMessage() == null ? "" : e.getOriginalMessage();
        for (Phrase phrase : PHRASES) {
            Matcher matcher = phrase.form.matcher(message);
            if (matcher.matches()) {
                return filled(phrase.reason, matcher);
            }
        }
        return "found malformed text, expected one JSON value";
    }

    /**
     * Returns the reason with its place, such as "found 'x', expected a colon after the name, at line 3, column 7". Any error
     * that is not Jackson's, of a parser that reads from memory, is one of the text's encoding.
     */
    public static String describe(IOException error) {
        if (!(error instanceof JsonProcessingException e)) {
            return "found text that is not UTF-8";
        }
        JsonLocation location = e.getLocation();
        boolean known = location != null && location.getLineNr() > 0 && location.getColumnNr() > 0;
        return reason(e) + (known ? ", at line " + location.getLineNr() + ", column " + location.getColumnNr() : "");
    }

    private static String filled(String reason, Matcher matcher) {
        String filled = reason;
        for (int group = matcher.groupCount(); group >= 1; group--) {
            String found = matcher.group(group);
            filled = filled.replace("$" + group, printable(found));
        }
        return filled;
    }

    private static String printable(String text) {
        String head = text.length() <= LONGEST_QUOTE ? text : text.substring(0, LONGEST_QUOTE) + "...";
        return head.codePoints()
                .map(c -> Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE ? '?' : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }
}
