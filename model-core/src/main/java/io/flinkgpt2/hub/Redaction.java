package io.flinkgpt2.hub;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Foreign text made fit for messages and logs: without the token, which a hub may repeat in any of its answers, and without
 * control characters. The messages of libraries are foreign text too, for they quote what a server sent.
 */
final class Redaction {

    private static final String SHOWN = "(token)";

    /** A shorter text is in many words, and is no secret. */
    private static final int SHORTEST = 4;

    private final String token;

    /** @param token the token, or null */
    Redaction(String token) {
        this.token = token == null || token.length() < SHORTEST ? null : token;
    }

    /**
     * Returns the text without the token, also where it is percent-encoded or cut off by an ellipsis, and with {@code ?} for
     * controls.
     */
    String text(String text) {
        if (text == null) {
            return null;
        }
        String shown = text;
        if (token != null) {
            shown = without(token, shown, SHOWN);
            shown = without(URLEncoder.encode(token, StandardCharsets.UTF_8), shown, SHOWN);
            for (int length = token.length() - 1; length >= SHORTEST; length--) {
                shown = without(token.substring(0, length) + "...", shown, SHOWN + "...");
            }
        }
        return shown.codePoints()
                .map(c -> Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE ? '?' : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    private static String without(String secret, String text, String shown) {
        return Pattern.compile(Pattern.quote(secret), Pattern.CASE_INSENSITIVE)
                .matcher(text)
                .replaceAll(Matcher.quoteReplacement(shown));
    }

    /**
     * Returns the failure itself if its messages are fit to be shown, those of its causes included; else one like it whose are.
     */
    IOException of(IOException failure) {
        return isFit(failure, newSet()) ? failure : (IOException) copy(failure, newSet());
    }

    /** As the other, for a fault of a library. */
    RuntimeException of(RuntimeException failure) {
        return isFit(failure, newSet()) ? failure : (RuntimeException) copy(failure, newSet());
    }

    private static Set<Throwable> newSet() {
        return Collections.newSetFromMap(new IdentityHashMap<>());
    }

    private boolean isFit(Throwable failure, Set<Throwable> seen) {
        if (failure == null || !seen.add(failure)) {
            return true;
        }
        String message = failure.getMessage();
        boolean fit = (message == null || message.equals(text(message))) && isFit(failure.getCause(), seen);
        for (Throwable suppressed : failure.getSuppressed()) {
            fit &= isFit(suppressed, seen);
        }
        return fit;
    }

    /** With the same stack; of a type of ours the same type, of others one that names theirs. */
    private Throwable copy(Throwable failure, Set<Throwable> seen) {
        if (failure == null || !seen.add(failure)) {
            return null;
        }
        String message = text(failure.getMessage());
        String named = failure.getClass().getName() + (message == null ? "" : ": " + message);
        Throwable cause = copy(failure.getCause(), seen);
        Throwable copy;
        if (failure instanceof ModelHubException) {
            copy = new ModelHubException(message, cause);
        } else if (failure instanceof InterruptedIOException) {
            copy = new InterruptedIOException(message).initCause(cause);
        } else if (failure instanceof RuntimeException) {
            copy = new IllegalStateException(named, cause);
        } else {
            copy = new IOException(named, cause);
        }
        copy.setStackTrace(failure.getStackTrace());
        for (Throwable suppressed : failure.getSuppressed()) {
            Throwable shown = copy(suppressed, seen);
            if (shown != null) {
                copy.addSuppressed(shown);
            }
        }
        return copy;
    }
}
