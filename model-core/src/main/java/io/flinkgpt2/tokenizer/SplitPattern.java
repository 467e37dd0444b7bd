package io.flinkgpt2.tokenizer;

import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * How GPT-2 cuts text into pieces before any merge: contractions, runs of letters, of numbers or of other characters
 * (each with a leading space), and white space, whose last character is left to what follows it. Merges never cross
 * from one piece into the next.
 *
 * <p>Source: {@code pat} in {@code encoder.py} of OpenAI's GPT-2 release,
 * <pre>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</pre>
 * with {@code \s} meaning Unicode's White_Space.
 */
final class SplitPattern {
    /*
     * Letters and numbers are those of Unicode 16 on every JDK, so that the same text has the same token ids on all of
     * them. JDK 17 knows Unicode 13; the characters that became letters or numbers since are listed here. No character
     * ceased to be one.
     */
    private static final String LETTERS_SINCE_UNICODE_14 = "870-887 889-88E 8B5 8C8-8C9 C5D CDD 170D 171F 1B4C"
            + " 1C89-1C8A 2C2F 2C5F 9FFD-9FFF A7C0-A7C1 A7CB-A7CD A7D0-A7D1 A7D3 A7D5-A7DC A7F2-A7F4 10570-1057A"
            + " 1057C-1058A 1058C-10592 10594-10595 10597-105A1 105A3-105B1 105B3-105B9 105BB-105BC 105C0-105F3"
            + " 10780-10785 10787-107B0 107B2-107BA 10D4A-10D65 10D6F-10D85 10EC2-10EC4 10F70-10F81 11071-11072"
            + " 11075 1123F-11240 11380-11389 1138B 1138E 11390-113B5 113B7 113D1 113D3 11740-11746 11AB0-11ABF"
            + " 11BC0-11BE0 11F02 11F04-11F10 11F12-11F33 12F90-12FF0 1342F 13441-13446 13460-143FA 16100-1611D"
            + " 16A70-16ABE 16D40-16D6C 18CFF 1AFF0-1AFF3 1AFF5-1AFFB 1AFFD-1AFFE 1B11F-1B122 1B132 1B155"
            + " 1DF00-1DF1E 1DF25-1DF2A 1E030-1E06D 1E290-1E2AD 1E4D0-1E4EB 1E5D0-1E5ED 1E5F0 1E7E0-1E7E6"
            + " 1E7E8-1E7EB 1E7ED-1E7EE 1E7F0-1E7FE 2A6DE-2A6DF 2B735-2B739 2EBF0-2EE5D 31350-323AF";

    private static final String NUMBERS_SINCE_UNICODE_14 = "10D40-10D49 116D0-116E3 11BF0-11BF9 11F50-11F59 16130-16139"
            + " 16AC0-16AC9 16D70-16D79 1CCF0-1CCF9 1D2C0-1D2D3 1E4F0-1E4F9 1E5F1-1E5FA";

    /** A character class of the letters, general category L. */
    static final String LETTER = "[\\p{L}" + sinceUnicode14(LETTERS_SINCE_UNICODE_14) + "]";

    /** A character class of the numbers, general category N. */
    static final String NUMBER = "[\\p{N}" + sinceUnicode14(NUMBERS_SINCE_UNICODE_14) + "]";

    /** A character class of White_Space: Java's {@code \s} is only its ASCII part. */
    static final String WHITE_SPACE = "[\\x09-\\x0D\\x85\\p{Z}]";

    /** A character class of all the rest. */
    static final String OTHER = "[^" + LETTER + NUMBER + WHITE_SPACE + "]";

    /** Finds one piece after the other and leaves no character out. Single classes, repeated: it never recurses. */
    static final Pattern GPT2 = Pattern.compile(String.join(
            "|",
            "'(?:[sdmt]|ll|ve|re)",
            " ?" + LETTER + "++",
            " ?" + NUMBER + "++",
            " ?" + OTHER + "++",
            WHITE_SPACE + "+(?![^" + WHITE_SPACE + "])",
            WHITE_SPACE + "++"));

    private SplitPattern() {}

    private static String sinceUnicode14(String ranges) {
        String listed = Arrays.stream(ranges.split(" "))
                .map(range -> Arrays.stream(range.split("-"))
                        .map(hex -> "\\x{" + hex + "}")
                        .collect(Collectors.joining("-")))
                .collect(Collectors.joining());
        // One comparison spares most text the walk through the list.
        return "[\\x{870}-\\x{323AF}&&[" + listed + "]]";
    }
}
