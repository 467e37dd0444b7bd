package io.flinkgpt2.tokenizer;

import java.util.Arrays;

/**
 * GPT-2's one-to-one table between the 256 bytes and 256 printable characters, in which {@code vocab.json} and
 * {@code merges.txt} spell tokens. Bytes 0x21..0x7E, 0xA1..0xAC and 0xAE..0xFF stand for the character of the same
 * number; the other 68 take U+0100..U+0143 in ascending order, so a space is U+0120.
 *
 * <p>Source: {@code bytes_to_unicode} in {@code encoder.py} of OpenAI's GPT-2 release.
 */
final class ByteLevelAlphabet {
    private static final int BYTES = 256;
    private static final int FIRST_SUBSTITUTE = 0x100;
    private static final int SUBSTITUTES = 68;
    private static final char[] CHARACTER_OF_BYTE = new char[BYTES];
    private static final short[] BYTE_OF_CHARACTER = new short[FIRST_SUBSTITUTE + SUBSTITUTES];

    static {
        Arrays.fill(BYTE_OF_CHARACTER, (short) -1);
        int substitute = FIRST_SUBSTITUTE;
        for (int value = 0; value < BYTES; value++) {
            char character = (char) (standsForItself(value) ? value : substitute++);
            CHARACTER_OF_BYTE[value] = character;
            BYTE_OF_CHARACTER[character] = (short) value;
        }
    }

    private ByteLevelAlphabet() {}

    private static boolean standsForItself(int value) {
        return (value >= 0x21 && value <= 0x7E) || (value >= 0xA1 && value <= 0xAC) || value >= 0xAE;
    }

    /** Returns the character that spells a byte, {@code value} in 0..255. */
    static char characterOf(int value) {
        return CHARACTER_OF_BYTE[value];
    }

    /** Returns the byte that a character spells, 0..255, or -1 if the character is not of the alphabet. */
    static int byteOf(char character) {
        return character < BYTE_OF_CHARACTER.length ? BYTE_OF_CHARACTER[character] : -1;
    }

    /** Index of the first character of {@code spelling} that is not of the alphabet, or -1 if all are. */
    static int indexOfForeignCharacter(String spelling) {
        for (int i = 0; i < spelling.length(); i++) {
            if (byteOf(spelling.charAt(i)) < 0) {
                return i;
            }
        }
        return -1;
    }

    /** Returns the bytes that {@code spelling} stands for; all its characters must be of the alphabet. */
    static byte[] bytesOf(String spelling) {
        byte[] bytes = new byte[spelling.length()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) byteOf(spelling.charAt(i));
        }
        return bytes;
    }

    /** Returns the characters that stand for {@code bytes}. */
    static String spelling(byte[] bytes) {
        StringBuilder spelling = new StringBuilder(bytes.length);
        for (byte value : bytes) {
            spelling.append(characterOf(value & 0xFF));
        }
        return spelling.toString();
    }
}
