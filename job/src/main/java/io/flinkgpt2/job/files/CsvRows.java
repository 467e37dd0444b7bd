package io.flinkgpt2.job.files;

import io.flinkgpt2.digest.Digests;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * The rows of a CSV or TSV file as bytes. Knows where a row ends and whether its quotes are in order; never holds more of one
 * than {@link FileRecord#LONGEST}.
 *
 * <p>Rows end with LF, CR or CRLF. A quote opens a value where it is the value's first byte. Within quotes, line ends and
 * separators belong to the value, and two quotes are one. Spaces and tabs may follow a closing quote. Separators, quotes and
 * line ends are ASCII, so none of them is part of another character of UTF-8.
 */
final class CsvRows implements Closeable {
    /** Bytes that are read at once, always from the beginning of the file on: so a damage shows at the same byte each time. */
    private static final int BUFFER = 1 << 16;

    /** A longer row does not keep its memory for the next one. */
    private static final int KEPT = 1 << 20;

    private static final int PLAIN = 0;
    private static final int VALUE_START = 1;
    private static final int QUOTED = 2;
    private static final int AFTER_QUOTE = 3;
    private static final int AFTER_SPACE = 4;

    private final InputStream in;
    private final byte separator;
    private final byte[] buffer = new byte[BUFFER];
    private int at;
    private int end;
    private boolean ended;
    private DamagedFileException damage;
    private boolean damageTold;

    private long position;
    private long line = 1;

    private byte[] row = new byte[1024];
    private int kept;
    private long length;
    private long rowOffset;
    private long rowLine;
    private int column;
    private MessageDigest digest;
    private String sha256;
    private String fault;
    private DamagedFileException rowDamage;

    /** @param in stands at the beginning of the file; is closed with this object */
    CsvRows(InputStream in, char separator) {
        this.in = in;
        this.separator = (byte) separator;
    }

    /** Returns the first bytes of the file, at most {@code count} and 16; to be called before anything else. */
    byte[] head(int count) throws IOException {
        while (end < count && !ended) {
            int read = read(end, BUFFER - end);
            end += Math.max(0, read);
        }
        return Arrays.copyOf(buffer, Math.min(count, end));
    }

    /** Passes over bytes that belong to no row. */
    void passOver(int count) {
        at += count;
        position += count;
    }

    /**
     * Goes on at another position, which is not before the present one. Lines are counted from there.
     *
     * @param seek whether the stream can skip bytes without reading them
     */
    void goTo(long target, boolean seek) throws IOException {
        line = 1;
        while (position < target) {
            if (at == end && seek && target - position > BUFFER) {
                position += skip(target - position);
            }
            if (at == end && !fill()) {
                damageTold = true; // before there was such a position
                position = target;
                return;
            }
            int passed = (int) Math.min(end - at, target - position);
            at += passed;
            position += passed;
        }
    }

    private long skip(long count) throws IOException {
        return Math.max(0, in.skip(count));
    }

    /** Goes to the next row that is not blank; false if there is none. */
    boolean next() throws IOException {
        do {
            if (!readRow()) {
                return false;
            }
        } while (length == 0 && rowDamage == null);
        return true;
    }

    /** Returns the row's bytes without the end of the line, or its first ones, from index 0 on; valid until the next row. */
    byte[] bytes() {
        return row;
    }

    /** Returns how many bytes {@link #bytes} has of the row: all, or of one that is too long a few. */
    int kept() {
        return kept;
    }

    /** Returns the number of bytes of the row. */
    long length() {
        return length;
    }

    /** Returns the digest of the whole row if it is longer than what is kept of it, else null. */
    String sha256() {
        if (digest != null && sha256 == null) {
            sha256 = HexFormat.of().formatHex(digest.digest());
        }
        return sha256;
    }

    /** Returns the byte at which the row begins. */
    long offset() {
        return rowOffset;
    }

    /** Returns the line on which the row begins. */
    long line() {
        return rowLine;
    }

    /** Returns why the row cannot be read, or null. */
    String fault() {
        return fault;
    }

    /** Returns why the file cannot be read beyond this row, which is not whole; null if it can. */
    DamagedFileException damage() {
        return rowDamage;
    }

    /** Returns where the next row is looked for. */
    long position() {
        return position;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }

    private boolean readRow() throws IOException {
        rowOffset = position;
        rowLine = line;
        kept = 0;
        length = 0;
        column = 1;
        digest = null;
        sha256 = null;
        fault = null;
        rowDamage = null;
        if (row.length > KEPT) {
            row = new byte[KEPT];
        }
        int state = VALUE_START;
        byte previous = 0;
        while (at < end || fill()) {
            int start = at;
            while (at < end) {
                byte b = buffer[at++];
                if (state == QUOTED) {
                    if (b == '"') {
                        state = AFTER_QUOTE;
                    } else if (b == '\r' || b == '\n' && previous != '\r') {
                        line++;
                    }
                    previous = b;
                } else if (b == '\n' || b == '\r') {
                    keep(start, at - 1);
                    endRow(b);
                    return true;
                } else {
                    state = next(state, b);
                }
            }
            keep(start, at);
        }
        position = rowOffset + length;
        if (damage != null && !damageTold) {
            damageTold = true;
            rowDamage = damage;
            position++; // so that whoever goes on there does not tell it again
            return true;
        }
        if (state == QUOTED) {
            fault = "column " + column
                    + ": found a quote that is never closed, expected a closing one; what follows up to"
                    + " the end of the file is taken for this row";
        }
        return length > 0;
    }

    private int next(int state, byte b) {
        if (b == separator) {
            column++;
            return VALUE_START;
        }
        if (b == '"' && (state == VALUE_START || state == AFTER_QUOTE)) {
            return QUOTED;
        }
        if (state == AFTER_QUOTE || state == AFTER_SPACE) {
            if (b == ' ' || b == '\t') {
                return AFTER_SPACE;
            }
            if (fault == null) {
                fault = "column " + column
                        + ": found text after a closing quote, expected the separator or the end of the"
                        + " row; write quotes that belong to a value twice";
            }
        }
        return PLAIN;
    }

    private void endRow(byte lineEnd) throws IOException {
        position = rowOffset + length + 1;
        line++;
        if (lineEnd == '\r' && (at < end || fill()) && buffer[at] == '\n') {
            at++;
            position++;
        }
    }

    private void keep(int from, int to) {
        int count = to - from;
        length += count;
        if (digest != null) {
            digest.update(buffer, from, count);
            return;
        }
        if (length <= FileRecord.LONGEST) {
            if (row.length - kept < count) {
                row = Arrays.copyOf(row, (int) Math.max(length, Math.min(2L * row.length, FileRecord.LONGEST)));
            }
            System.arraycopy(buffer, from, row, kept, count);
            kept += count;
            return;
        }
        digest = Digests.sha256();
        digest.update(row, 0, kept);
        digest.update(buffer, from, count);
        kept = FileRecord.HEAD;
        row = Arrays.copyOf(row, kept);
    }

    private boolean fill() throws IOException {
        if (ended) {
            return false;
        }
        int read = read(0, BUFFER);
        at = 0;
        end = Math.max(0, read);
        return end > 0;
    }

    /** Returns the number of bytes read, or -1 at the end or where the data is damaged. */
    private int read(int index, int count) throws IOException {
        int read = -1;
        try {
            read = in.read(buffer, index, count);
        } catch (DamagedFileException e) {
            damage = e;
        }
        ended = read < 0;
        return read;
    }
}
