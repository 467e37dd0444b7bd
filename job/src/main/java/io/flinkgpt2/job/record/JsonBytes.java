package io.flinkgpt2.job.record;

import java.util.Arrays;

/** Bytes that should be JSON in UTF-8: their byte order mark, and how they are encoded if it is in another way. */
public final class JsonBytes {
    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

    private JsonBytes() {}

    /** Index at which the text begins: behind UTF-8's byte order mark, or 0 where there is none. */
    public static int textStart(byte[] bytes) {
        int length = BYTE_ORDER_MARK.length;
        return bytes.length >= length && Arrays.equals(bytes, 0, length, BYTE_ORDER_MARK, 0, length) ? length : 0;
    }

    /**
     * Returns {@code UTF-16} or {@code UTF-32} if the bytes begin with a byte order mark of it, or with two ASCII characters in
     * it, as every JSON object and array does; null otherwise. No JSON in UTF-8 begins so.
     */
    public static String otherEncoding(byte[] bytes) {
        int head = 0;
        for (int i = 0; i < 4; i++) {
            head = head << 8 | (i < bytes.length ? bytes[i] & 0xFF : 0xFF);
        }
        if (bytes.length >= 4) {
            if (head == 0x0000FEFF || head == 0xFFFE0000 || isAscii(head, 0) || isAscii(head, 24)) {
                return "UTF-32";
            }
            if (isAscii(head & 0xFFFF0000, 16) && isAscii(head & 0x0000FFFF, 0)
                    || isAscii(head & 0xFFFF0000, 24) && isAscii(head & 0x0000FFFF, 8)) {
                return "UTF-16";
            }
        }
        int mark = head >>> 16;
        return bytes.length >= 2 && (mark == 0xFEFF || mark == 0xFFFE) ? "UTF-16" : null;
    }

    /** Returns whether all of {@code word} is an ASCII character other than NUL, {@code shift} bits from the right. */
    private static boolean isAscii(int word, int shift) {
        int character = word >>> shift;
        return character > 0 && character < 0x80 && character << shift == word;
    }
}
