package io.flinkgpt2.cli.batch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;

/** A line of a part, whose array is used again for the next one. */
final class Line extends ByteArrayOutputStream {

    /** Reads the next line; returns false at the end. */
    boolean read(InputStream in) throws IOException {
        reset();
        int b = in.read();
        if (b < 0) {
            return false;
        }
        for (; b >= 0 && b != '\n'; b = in.read()) {
            write(b);
        }
        return true;
    }

    /** Returns the array that it stands at the start of. */
    byte[] array() {
        return buf;
    }

    /** Returns its length without its end, in bytes. */
    int length() {
        return count;
    }
}
