package io.flinkgpt2.job.files;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.digest.Digests;
import io.flinkgpt2.job.record.JsonBytes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Reads requests or prompts that are lines, or lines between separator lines. Blank ones are passed over.
 *
 * <p>A file can be read in ranges of bytes side by side: a range has the lines that begin in it. Between separators it has the
 * prompts whose separator before them begins in it; the first prompt of a file has none and belongs to the first range.
 */
final class LineReader implements RecordReader {
    private static final String COLUMN = ReadOptions.PROMPT_COLUMN;

    private static final byte[] LINE_END = {'\n'};

    private final LineInput lines;
    private final FileFormat format;
    private final byte[] separator;
    private final long end;
    private long position;
    /** Whether the input has advanced to the line at {@link #position} already. */
    private boolean atLine;

    private LineReader(LineInput lines, FileFormat format, ReadOptions options, long position, long end) {
        this.lines = lines;
        this.format = format;
        String between = format == FileFormat.TEXT ? options.separator() : null;
        this.separator = between == null ? null : between.getBytes(UTF_8);
        this.position = position;
        this.end = end;
    }

    /**
     * Returns a reader that goes on at a position.
     *
     * @param in stands there
     * @param position 0, or that of a reader of the same range
     * @param end of the range, exclusive
     */
    static LineReader at(InputStream in, FileFormat format, ReadOptions options, long position, long end) {
        return new LineReader(new LineInput(in, position), format, options, position, end);
    }

    /**
     * Returns a reader of a range, which closes the stream.
     *
     * @param in stands one byte before {@code start}
     * @param start of the range, 1 or more
     * @param end of the range, exclusive
     */
    static RecordReader ofRange(InputStream in, FileFormat format, ReadOptions options, long start, long end)
            throws IOException {
        LineInput lines = new LineInput(in, start - 1);
        // The rest of the line that the byte before belongs to: nothing where the range begins with a line.
        if (!lines.skipRest(end - 1)) {
            in.close();
            return OneRecord.none(end);
        }
        LineReader reader = new LineReader(lines, format, options, lines.end(), end);
        if (reader.separator != null) {
            reader.findSeparator();
        }
        return reader;
    }

    /** Goes on to the first line that is a separator. */
    private void findSeparator() throws IOException {
        while (lines.end() < end && lines.next()) {
            if (isSeparator()) {
                position = lines.start();
                atLine = true;
                return;
            }
        }
        position = lines.end();
    }

    private boolean isSeparator() {
        return lines.sha256() == null && Arrays.equals(lines.bytes(), separator);
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public FileRecord next() throws IOException {
        try {
            return separator == null ? nextLine() : nextBetweenSeparators();
        } catch (DamagedFileException e) {
            position = end;
            return Refusals.damaged(lines.start(), lines.number() + 1, e);
        }
    }

    private FileRecord nextLine() throws IOException {
        while (position < end && lines.next()) {
            position = lines.end();
            byte[] line = lines.start() == 0 ? withoutMark(lines.bytes()) : lines.bytes();
            if (lines.sha256() != null) {
                return Refusals.tooLong(lines.start(), lines.number(), lines.bytes(), lines.length(), lines.sha256());
            }
            if (!isBlank(line)) {
                return record(lines.start(), lines.number(), line);
            }
        }
        return null;
    }

    private FileRecord nextBetweenSeparators() throws IOException {
        while (position < end) {
            if (!atLine && !lines.next()) {
                return null;
            }
            // The line is the separator before the prompt, or the prompt's first line where the file begins.
            atLine = false;
            Prompt prompt = new Prompt();
            if (!isSeparator()) {
                prompt.add();
            }
            boolean more;
            while ((more = lines.next()) && !isSeparator()) {
                prompt.add();
            }
            atLine = more;
            position = more ? lines.start() : lines.end();
            FileRecord record = prompt.record();
            if (record != null) {
                return record;
            }
            if (!more) {
                return null;
            }
        }
        return null;
    }

    /** The lines of one prompt, with LF between them. */
    private final class Prompt {
        private final ByteArrayOutputStream text = new ByteArrayOutputStream();
        private long start = -1;
        private long number;
        private long size;
        /** The digest of a prompt that is too long to be kept; else null. */
        private MessageDigest digest;
        /** Whether a line of it is known by its head only. */
        private boolean hasGap;

        void add() {
            byte[] line = lines.start() == 0 ? withoutMark(lines.bytes()) : lines.bytes();
            if (start < 0) {
                start = lines.start();
                number = lines.number();
            } else {
                add(LINE_END, 1);
            }
            hasGap |= lines.sha256() != null;
            add(line, lines.sha256() == null ? line.length : lines.length());
        }

        private void add(byte[] bytes, long length) {
            size += length;
            if (digest == null && size <= FileRecord.LONGEST) {
                text.writeBytes(bytes);
                return;
            }
            if (digest == null) {
                digest = Digests.sha256();
                digest.update(text.toByteArray());
            }
            digest.update(bytes);
        }

        /** Returns the prompt's record, or null if it is blank. */
        FileRecord record() {
            byte[] bytes = text.toByteArray();
            if (digest != null) {
                byte[] head = Arrays.copyOf(bytes, Math.min(bytes.length, FileRecord.HEAD));
                String sha256 = hasGap ? null : HexFormat.of().formatHex(digest.digest());
                return Refusals.tooLong(start, number, head, size, sha256);
            }
            return start < 0 || isBlank(bytes) ? null : LineReader.this.record(start, number, bytes);
        }
    }

    private FileRecord record(long offset, long line, byte[] original) {
        if (format == FileFormat.JSONL) {
            return new FileRecord(offset, line, original, original.length, null, original, null, null);
        }
        ObjectNode columns = JsonNodeFactory.instance.objectNode().put(COLUMN, new String(original, UTF_8));
        return new FileRecord(
                offset, line, original, original.length, null, JsonText.requestOf(original), columns, null);
    }

    private static byte[] withoutMark(byte[] line) {
        int start = JsonBytes.textStart(line);
        return start == 0 ? line : Arrays.copyOfRange(line, start, line.length);
    }

    private static boolean isBlank(byte[] text) {
        for (byte b : text) {
            if (b != ' ' && b != '\t' && b != '\n' && b != '\r') {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
