package io.flinkgpt2.weights;

import java.io.ByteArrayInputStream;

/** Bytes of one pickle, or of several that follow each other, with the position that messages name. */
final class PickleInput extends ByteArrayInputStream {

    PickleInput(byte[] bytes) {
        super(bytes);
    }

    /** Index of the next byte. */
    int position() {
        return pos;
    }

    /** Returns the number of bytes that are left. */
    int remaining() {
        return count - pos;
    }

    /**
     * Returns the next {@code bytes} bytes as an unsigned little-endian number, without moving past them; there must be as
     * many.
     */
    long peek(int bytes) {
        long value = 0;
        for (int i = bytes - 1; i >= 0; i--) {
            value = value << 8 | (buf[pos + i] & 0xff);
        }
        return value;
    }

    /**
     * Returns a line of at most {@code longest} bytes, taken as ISO 8859-1, without its end; null if no end is near enough.
     */
    String line(int longest) {
        StringBuilder line = new StringBuilder();
        for (int i = pos; i < count && i - pos <= longest; i++) {
            if (buf[i] == '\n') {
                pos = i + 1;
                return line.toString();
            }
            line.append((char) (buf[i] & 0xff));
        }
        return null;
    }
}
