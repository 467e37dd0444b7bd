package io.flinkgpt2.json;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The reason why a text is not valid JSON, without the parser's advice to programmers. */
public final class JsonProblem {

    /** Where the parser begins to speak of its features, its constraints or its source. */
    private static final Pattern ADVICE =
            Pattern.compile("`|\\[Source|REDACTED|\\b(?:Json|Stream|Deserialization)\\w*Feature\\b|\\bFeature '");

    /** What a sentence may be cut at. */
    private static final Pattern LAST_BREAK = Pattern.compile("\\s*[:;,(][^:;,(]*$");

    private JsonProblem() {}

    /**
     * Describes an error of the parser in one line, such as {@code Unexpected character ('x' (code 120)) at line 3, column 7}.
     * It may quote the text that was parsed, control characters included. Any other error of a parser that reads from memory
     * is one of the text's encoding.
     */
    public static String describe(IOException error) {
        if (!(error instanceof JsonProcessingException e)) {
            return "text that is not UTF-8";
        }
        String message = e.getOriginalMessage() == null ? "malformed" : e.getOriginalMessage();
        Matcher advice = ADVICE.matcher(message);
        if (advice.find()) {
            message = balanced(
                    LAST_BREAK.matcher(message.substring(0, advice.start())).replaceFirst(""));
        }
        JsonLocation location = e.getLocation();
        boolean known = location != null && location.getLineNr() > 0 && location.getColumnNr() > 0;
        return message.lines().findFirst().orElse("malformed").strip()
                + (known ? " at line " + location.getLineNr() + ", column " + location.getColumnNr() : "");
    }

    /** Closes the parentheses that the cut has left open. */
    private static String balanced(String text) {
        long open = text.chars().filter(c -> c == '(').count()
                - text.chars().filter(c -> c == ')').count();
        return text + ")".repeat((int) Math.max(0, open));
    }
}
