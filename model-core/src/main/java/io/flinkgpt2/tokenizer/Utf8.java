package io.flinkgpt2.tokenizer;

/**
 * Puts characters together from UTF-8 that comes a byte at a time. Every maximal ill-formed subpart gives one U+FFFD,
 * as soon as the byte that makes it ill-formed has come.
 *
 * <p>Source: the UTF-8 decoder of the WHATWG Encoding Standard, which is the practice that the Unicode Standard
 * recommends in 3.9, "U+FFFD Substitution of Maximal Subparts". Java's own decoders differ from it for encoded
 * surrogates, for which they give one U+FFFD instead of three.
 */
final class Utf8 {
    private static final char REPLACEMENT = '\uFFFD';
    private static final int LOWEST_CONTINUATION = 0x80;
    private static final int HIGHEST_CONTINUATION = 0xBF;

    private int codePoint;
    private int continuationsNeeded;
    private int lowest = LOWEST_CONTINUATION;
    private int highest = HIGHEST_CONTINUATION;

    /** Takes one byte and appends to {@code out} what it completes. */
    void accept(byte signed, StringBuilder out) {
        int value = signed & 0xFF;
        if (continuationsNeeded > 0) {
            if (value >= lowest && value <= highest) {
                proceed(value, out);
                return;
            }
            // The byte is not a part of the unfinished character, so it starts the next one.
            out.append(REPLACEMENT);
            reset();
        }
        start(value, out);
    }

    private void start(int value, StringBuilder out) {
        if (value < 0x80) {
            out.append((char) value);
        } else if (value >= 0xC2 && value <= 0xDF) {
            expect(1, value & 0x1F);
        } else if (value >= 0xE0 && value <= 0xEF) {
            expect(2, value & 0x0F);
            if (value == 0xE0) {
                lowest = 0xA0; // else the form is overlong
            } else if (value == 0xED) {
                highest = 0x9F; // else it is a surrogate
            }
        } else if (value >= 0xF0 && value <= 0xF4) {
            expect(3, value & 0x07);
            if (value == 0xF0) {
                lowest = 0x90; // else the form is overlong
            } else if (value == 0xF4) {
                highest = 0x8F; // else it is past U+10FFFF
            }
        } else {
            out.append(REPLACEMENT);
        }
    }

    private void expect(int continuations, int leadingBits) {
        continuationsNeeded = continuations;
        codePoint = leadingBits;
    }

    private void proceed(int continuation, StringBuilder out) {
        lowest = LOWEST_CONTINUATION;
        highest = HIGHEST_CONTINUATION;
        codePoint = (codePoint << 6) | (continuation & 0x3F);
        continuationsNeeded--;
        if (continuationsNeeded == 0) {
            out.appendCodePoint(codePoint);
        }
    }

    /** Ends the text: an unfinished character becomes one U+FFFD. Ready for another text afterwards. */
    void finish(StringBuilder out) {
        if (continuationsNeeded > 0) {
            out.append(REPLACEMENT);
        }
        reset();
    }

    /** Returns a copy, with the same unfinished character. */
    Utf8 fork() {
        Utf8 copy = new Utf8();
        copy.codePoint = codePoint;
        copy.continuationsNeeded = continuationsNeeded;
        copy.lowest = lowest;
        copy.highest = highest;
        return copy;
    }

    void reset() {
        continuationsNeeded = 0;
        lowest = LOWEST_CONTINUATION;
        highest = HIGHEST_CONTINUATION;
    }

    /** Index of the first surrogate of {@code text} that is not half of a pair, or -1: such text has no UTF-8 form. */
    static int indexOfLoneSurrogate(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isSurrogate(c)) {
                boolean paired = Character.isHighSurrogate(c)
                        && i + 1 < text.length()
                        && Character.isLowSurrogate(text.charAt(i + 1));
                if (!paired) {
                    return i;
                }
                i++;
            }
        }
        return -1;
    }
}
