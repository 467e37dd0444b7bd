package io.flinkgpt2.job.record;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/** Text between bytes, strings and messages. */
public final class WireText {
    /** Longest piece of a request that a message repeats, in characters. */
    static final int LONGEST_QUOTE = 100;

    private static final char REPLACEMENT = '\uFFFD';

    private WireText() {}

    /** Decoded bytes: the characters, or the index of the first byte that is not UTF-8. */
    record Decoded(CharBuffer characters, int malformedAt) {
        boolean isUtf8() {
            return malformedAt < 0;
        }
    }

    /** Decodes strictly: no overlong forms, no encoded surrogates, nothing unfinished. */
    static Decoded decode(byte[] bytes) {
        return decode(bytes, 0);
    }

    /** Decodes strictly from an index; {@link Decoded#malformedAt} still is one of {@code bytes}. */
    static Decoded decode(byte[] bytes, int start) {
        CharsetDecoder decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        ByteBuffer in = ByteBuffer.wrap(bytes, start, bytes.length - start);
        // UTF-8 never has fewer bytes than UTF-16 has units.
        CharBuffer out = CharBuffer.allocate(in.remaining());
        CoderResult result = decoder.decode(in, out, true);
        return new Decoded(out.flip(), result.isError() ? in.position() : -1);
    }

    /** Length of {@code text} in UTF-8, which has no lone surrogates, in bytes. */
    static long utf8Length(String text) {
        long length = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < 0x80) {
                length++;
            } else if (c < 0x800 || Character.isSurrogate(c)) {
                length += 2; // each half of a pair counts for two of its four bytes
            } else {
                length += 3;
            }
        }
        return length;
    }

    /** Index of the first surrogate that is not half of a pair, at {@code from} or later, or -1. */
    static int indexOfLoneSurrogate(CharSequence text, int from) {
        int length = text.length();
        for (int i = from; i < length; i++) {
            char c = text.charAt(i);
            if (Character.isSurrogate(c)) {
                if (i + 1 == length || !Character.isSurrogatePair(c, text.charAt(i + 1))) {
                    return i;
                }
                i++;
            }
        }
        return -1;
    }

    /** {@code text} with U+FFFD for each lone surrogate, so that it has a UTF-8 form; null for null. */
    static String wellFormed(String text) {
        if (text == null) {
            return null;
        }
        int lone = indexOfLoneSurrogate(text, 0);
        if (lone < 0) {
            return text;
        }
        StringBuilder repaired = new StringBuilder(text);
        while (lone >= 0) {
            repaired.setCharAt(lone, REPLACEMENT);
            lone = indexOfLoneSurrogate(repaired, lone + 1);
        }
        return repaired.toString();
    }

    /**
     * Returns the head of {@code text}, at most {@code longest} characters and, where it was cut, {@code ...}; null for null.
     */
    static String shortened(String text, int longest) {
        return text == null || text.length() <= longest ? text : text.substring(0, longest) + "...";
    }

    /** Foreign text in single quotes, fit for a message: shortened, on one line, well-formed. */
    public static String quoted(String text) {
        return "'" + printable(text) + "'";
    }

    /** As {@link #quoted}, without the quotes. */
    static String printable(String text) {
        return printable(text, LONGEST_QUOTE);
    }

    /** At most {@code longest} characters of foreign text, on one line, well-formed. */
    static String printable(String text, int longest) {
        StringBuilder line = new StringBuilder(shortened(text, longest));
        for (int i = 0; i < line.length(); i++) {
            if (Character.isISOControl(line.charAt(i))) {
                line.setCharAt(i, '?');
            }
        }
        return wellFormed(line.toString());
    }
}
