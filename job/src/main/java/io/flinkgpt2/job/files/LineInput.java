package io.flinkgpt2.job.files;

import io.flinkgpt2.digest.Digests;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;

/** The lines of a stream as bytes, with their places. A line ends with LF or CR LF; the last one may have no end. */
final class LineInput implements Closeable {
    private final InputStream in;
    private final byte[] buffer = new byte[1 << 16];
    private int next;
    private int filled;

    private long number;
    private long start;
    private long end;
    private byte[] bytes;
    private long length;
    private String sha256;

    /**
     * @param in stands where a line begins
     * @param position of {@code in}, in bytes
     */
    LineInput(InputStream in, long position) {
        this.in = in;
        this.end = position;
    }

    /** Goes on to the next line; returns false if there is none. */
    boolean next() throws IOException {
        start = end;
        if (next == filled && !fill()) {
            return false;
        }
        number++;
        Line line = new Line();
        while (true) {
            int newline = next;
            while (newline < filled && buffer[newline] != '\n') {
                newline++;
            }
            line.add(buffer, next, newline - next);
            end += newline - next;
            if (newline < filled) {
                next = newline + 1;
                end++;
                break;
            }
            next = newline;
            if (!fill()) {
                break;
            }
        }
        line.finish();
        return true;
    }

    /**
     * Passes over the rest of a line. Returns false if it does not end before {@code limit}, in bytes: reading stops there, for a
     * line may be longer than many ranges.
     */
    boolean skipRest(long limit) throws IOException {
        while (end < limit) {
            if (next == filled && !fill()) {
                return false;
            }
            end++;
            if (buffer[next++] == '\n') {
                return true;
            }
        }
        return false;
    }

    private boolean fill() throws IOException {
        next = 0;
        filled = Math.max(0, in.read(buffer, 0, buffer.length));
        return filled > 0;
    }

    /** Returns the number of the line, from 1 where this began. */
    long number() {
        return number;
    }

    /** Returns the position of its first byte. */
    long start() {
        return start;
    }

    /** Returns the position behind it and its end: that of the next line. */
    long end() {
        return end;
    }

    /** Returns its bytes without its end, or of a line that is longer than {@link FileRecord#LONGEST} the head. */
    byte[] bytes() {
        return bytes;
    }

    /** Returns its length without its end, in bytes. */
    long length() {
        return length;
    }

    /** Returns the hexadecimal digest of a line that is not kept whole, else null. */
    String sha256() {
        return sha256;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }

    /** The line that is being read. */
    private final class Line {
        private final ByteArrayOutputStream kept = new ByteArrayOutputStream(256);
        private MessageDigest digest;
        private byte[] head;
        private long size;
        /** Whether its last byte so far is a CR, which no digest has seen. */
        private boolean carriageReturn;

        void add(byte[] from, int offset, int count) {
            if (count == 0) {
                return;
            }
            size += count;
            if (digest == null && size <= FileRecord.LONGEST) {
                kept.write(from, offset, count);
                return;
            }
            if (digest == null) {
                byte[] before = kept.toByteArray();
                kept.reset();
                digest = Digests.sha256();
                head = Arrays.copyOf(before, Math.min(before.length, FileRecord.HEAD));
                update(before, 0, before.length);
            }
            update(from, offset, count);
        }

        /** Feeds the digest all but the last CR, which may belong to the line's end. */
        private void update(byte[] from, int offset, int count) {
            if (count == 0) {
                return;
            }
            if (carriageReturn) {
                digest.update((byte) '\r');
            }
            carriageReturn = from[offset + count - 1] == '\r';
            digest.update(from, offset, carriageReturn ? count - 1 : count);
        }

        void finish() {
            if (digest == null) {
                byte[] all = kept.toByteArray();
                int last = all.length - 1;
                bytes = last >= 0 && all[last] == '\r' ? Arrays.copyOf(all, last) : all;
                length = bytes.length;
                sha256 = null;
            } else {
                bytes = head;
                length = carriageReturn ? size - 1 : size;
                sha256 = HexFormat.of().formatHex(digest.digest());
            }
        }
    }
}
