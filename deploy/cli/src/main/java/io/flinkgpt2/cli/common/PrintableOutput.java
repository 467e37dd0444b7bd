package io.flinkgpt2.cli.common;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/**
 * Standard error that cannot steer a terminal: control characters, escape sequences among them, are written as {@code ?},
 * whoever's text they stand in, the log's and the messages of libraries included. Line feeds and tabs pass.
 *
 * <p>UTF-8 is expected. The control characters C1 (U+0080 to U+009F) are the two bytes {@code C2 80} to {@code C2 9F}.
 */
public final class PrintableOutput extends FilterOutputStream {

    private static final int DELETE = 0x7f;
    private static final int LEAD_OF_C1 = 0xc2;

    /** Whether the last byte was the first of a character from U+0080 to U+00BF, which is written with the next one. */
    private boolean leadIsPending;

    public PrintableOutput(OutputStream out) {
        super(out);
    }

    @Override
    public synchronized void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) throws IOException {
        byte[] printable = new byte[2 * length + 1];
        int size = 0;
        for (int i = offset; i < offset + length; i++) {
            int b = bytes[i] & 0xff;
            if (leadIsPending) {
                leadIsPending = false;
                if (b >= 0x80 && b < 0xa0) {
                    printable[size++] = '?';
                    continue;
                }
                printable[size++] = (byte) LEAD_OF_C1;
            }
            if (b == LEAD_OF_C1) {
                leadIsPending = true;
            } else if (b < ' ' && b != '\n' && b != '\t' || b == DELETE) {
                printable[size++] = '?';
            } else {
                printable[size++] = (byte) b;
            }
        }
        out.write(printable, 0, size);
    }
}
