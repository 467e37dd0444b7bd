package io.flinkgpt2.cli.common;

import io.flinkgpt2.job.record.JsonBytes;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Lines as bytes: what a line holds, even whether it is UTF-8, is for others to judge. */
public final class JsonLines {

    private final InputStream in;
    private long lineNumber;

    public JsonLines(InputStream in) {
        this.in = new BufferedInputStream(in, 1 << 16);
    }

    /** Returns the next line without its end (LF or CR LF), or null at the end. */
    byte[] next() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int b = in.read();
        if (b < 0) {
            return null;
        }
        lineNumber++;
        for (; b >= 0 && b != '\n'; b = in.read()) {
            line.write(b);
        }
        byte[] bytes = line.toByteArray();
        boolean carriageReturn = bytes.length > 0 && bytes[bytes.length - 1] == '\r';
        return carriageReturn ? Arrays.copyOf(bytes, bytes.length - 1) : bytes;
    }

    /** Returns the number of the line that was returned last, blank ones counted, from 1. */
    public long lineNumber() {
        return lineNumber;
    }

    /** Returns the next line that is not blank, or null at the end; a byte order mark is blank. */
    public byte[] nextNotBlank() throws IOException {
        byte[] line = next();
        while (line != null && isBlank(line)) {
            line = next();
        }
        return line;
    }

    /** Returns all lines that are not blank. */
    public List<byte[]> allNotBlank() throws IOException {
        List<byte[]> lines = new ArrayList<>();
        for (byte[] line = nextNotBlank(); line != null; line = nextNotBlank()) {
            lines.add(line);
        }
        return lines;
    }

    private static boolean isBlank(byte[] line) {
        for (int i = JsonBytes.textStart(line); i < line.length; i++) {
            if (line[i] != ' ' && line[i] != '\t') {
                return false;
            }
        }
        return true;
    }
}
