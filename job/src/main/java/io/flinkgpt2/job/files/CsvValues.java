package io.flinkgpt2.job.files;

import java.io.IOException;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/**
 * Cuts rows into values.
 *
 * <p>One parser serves all rows: it reads a row where it would read on in a file, and stops at the end of the line that each
 * ends with. A parser for each row would cost a buffer for each.
 */
final class CsvValues {
    /** A longer row does not keep its memory for the next one. */
    private static final int KEPT = 1 << 20;

    private final Row row = new Row();
    private final Iterator<CSVRecord> records;
    private long handedOver;

    CsvValues(char separator) {
        try {
            records = CSVParser.builder()
                    .setReader(row)
                    .setFormat(format(separator))
                    .get()
                    .iterator();
        } catch (IOException e) {
            throw new IllegalStateException("nothing was read yet", e);
        }
    }

    /** Returns RFC 4180's format with this separator, and LF at the end of a row that is written. */
    static CSVFormat format(char separator) {
        return CSVFormat.RFC4180
                .builder()
                .setDelimiter(separator)
                .setRecordSeparator('\n')
                .get();
    }

    /**
     * Decodes a row whose quotes are in order.
     *
     * @return the index of the first byte that is not UTF-8, or -1; then {@link #next} has its values
     */
    int decode(byte[] bytes, int length) {
        return row.decode(bytes, length);
    }

    /** Returns the values of the row that was decoded last. */
    String[] next() {
        CSVRecord values = records.next();
        if (values.getCharacterPosition() != handedOver) {
            throw new IllegalStateException("the parser stands at character " + values.getCharacterPosition()
                    + " at the beginning of a row, expected " + handedOver);
        }
        handedOver += row.length();
        return values.values();
    }

    /** The characters of a row and the end of its line. */
    private static final class Row extends Reader {
        private final CharsetDecoder decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        private CharBuffer characters = CharBuffer.allocate(1024);
        private int length;

        int decode(byte[] bytes, int count) {
            // UTF-8 never has fewer bytes than UTF-16 has units.
            int room = count + 1;
            if (characters.capacity() < room || characters.capacity() > KEPT) {
                characters = CharBuffer.allocate(Math.max(room, 1024));
            }
            characters.clear();
            ByteBuffer in = ByteBuffer.wrap(bytes, 0, count);
            CoderResult result = decoder.reset().decode(in, characters, true);
            if (result.isError()) {
                return in.position();
            }
            characters.put('\n').flip();
            length = characters.length();
            return -1;
        }

        int length() {
            return length;
        }

        @Override
        public int read(char[] target, int offset, int count) {
            if (!characters.hasRemaining()) {
                throw new IllegalStateException("the parser reads beyond the end of a row");
            }
            int read = Math.min(count, characters.remaining());
            characters.get(target, offset, read);
            return read;
        }

        @Override
        public void close() {
            characters = CharBuffer.allocate(0);
        }
    }
}
