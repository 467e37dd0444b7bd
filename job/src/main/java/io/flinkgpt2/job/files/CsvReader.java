package io.flinkgpt2.job.files;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.job.record.InvalidRequestException;
import io.flinkgpt2.job.record.JsonBytes;
import io.flinkgpt2.job.record.RecordError;
import io.flinkgpt2.job.record.WireText;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The rows of a CSV or TSV file, each a request: a column holds the prompt, the others become its metadata. The first row
 * names the columns. Rows end with LF, CR or CRLF; blank lines are passed over.
 */
final class CsvReader implements RecordReader {
    private final CsvRows rows;
    private final CsvValues values;
    private final List<String> columns;
    private final String promptColumn;

    /**
     * Reads the header, and goes on at a position.
     *
     * @param in the decompressed file, at its beginning; closed with this reader, and if this fails
     * @param position 0, or one that {@link #position} returned
     * @throws InvalidFileException if the header cannot be read or lacks the prompt column
     */
    CsvReader(InputStream in, PromptFile file, ReadOptions options, long position) throws IOException {
        char separator = file.format() == FileFormat.TSV ? '\t' : ',';
        rows = new CsvRows(in, separator);
        values = new CsvValues(separator);
        promptColumn = options.promptColumn();
        try {
            columns = readHeader(file.name());
            if (!columns.isEmpty()) {
                PromptColumn.require(promptColumn, columns, file.name());
            }
            if (position > 0) {
                rows.goTo(position, file.compression() == Compression.NONE);
            }
        } catch (IOException e) {
            in.close();
            throw e;
        }
    }

    /** Returns the columns of a file; none of one that is empty. */
    static List<TableColumn> columns(InputStream in, PromptFile file) throws IOException {
        char separator = file.format() == FileFormat.TSV ? '\t' : ',';
        try (CsvRows rows = new CsvRows(in, separator)) {
            List<String> names = readHeader(rows, new CsvValues(separator), file.name());
            return names.stream().map(TableColumn::text).toList();
        }
    }

    private List<String> readHeader(String name) throws IOException {
        return readHeader(rows, values, name);
    }

    private static List<String> readHeader(CsvRows rows, CsvValues values, String name) throws IOException {
        byte[] head = rows.head(4);
        String encoding = JsonBytes.otherEncoding(head);
        if (encoding != null) {
            throw new InvalidFileException(
                    name + ": found " + encoding + ", expected a table in UTF-8; convert the file before it is read");
        }
        rows.passOver(JsonBytes.textStart(head));
        if (!rows.next()) {
            return List.of();
        }
        String fault = rows.fault();
        if (fault != null) {
            throw new InvalidFileException(name + ": the header row: " + fault);
        }
        if (rows.length() > FileRecord.LONGEST) {
            throw new InvalidFileException(name + ": the header row: " + tooLong(rows.length()));
        }
        int malformed = values.decode(rows.bytes(), rows.kept());
        if (malformed >= 0) {
            throw new InvalidFileException(name + ": the header row: " + notUtf8(rows.bytes(), malformed));
        }
        List<String> names = List.of(values.next());
        requireNames(names, name);
        return names;
    }

    private static void requireNames(List<String> names, String file) throws InvalidFileException {
        Set<String> known = new HashSet<>();
        for (int i = 0; i < names.size(); i++) {
            String name = names.get(i);
            String found = name.isBlank() ? "no name" : known.add(name) ? null : "the name " + WireText.quoted(name) + " again";
            if (found != null) {
                throw new InvalidFileException(file + ": the header row: found " + found + " for column " + (i + 1) + " of "
                        + names.size() + ", expected a name of its own for each column; change the header");
            }
        }
    }

    @Override
    public FileRecord next() throws IOException {
        // Without a header there is nothing after it.
        if (columns.isEmpty() || !rows.next()) {
            return null;
        }
        RecordError refusal = refusal();
        if (refusal != null) {
            return record(null, null, refusal);
        }
        String[] row = values.next();
        if (row.length != columns.size()) {
            return record(null, null, error(
                    TableRecords.INVALID_ROW,
                    "the row: found " + count(row.length) + ", expected " + count(columns.size())
                            + " as in the header; put values that hold a separator or a line end in quotes"));
        }
        ObjectNode named = JsonNodeFactory.instance.objectNode();
        for (int i = 0; i < row.length; i++) {
            named.put(columns.get(i), row[i]);
        }
        return record(TableRecords.request(named, promptColumn), named, null);
    }

    /** Returns why the row cannot be cut into values; null if it can, and is decoded. */
    private RecordError refusal() {
        if (rows.fault() != null) {
            return error(rows.isDamaged() ? TableRecords.DAMAGED_FILE : TableRecords.INVALID_ROW, rows.fault());
        }
        if (rows.length() > FileRecord.LONGEST) {
            return error(InvalidRequestException.TOO_LARGE, "the row: " + tooLong(rows.length()));
        }
        int malformed = values.decode(rows.bytes(), rows.kept());
        return malformed < 0
                ? null
                : error(InvalidRequestException.INVALID_UTF8, "the row: " + notUtf8(rows.bytes(), malformed));
    }

    private FileRecord record(byte[] request, ObjectNode named, RecordError refusal) {
        byte[] original = Arrays.copyOf(rows.bytes(), rows.kept());
        return new FileRecord(
                rows.offset(), rows.line(), original, rows.length(), rows.sha256(), request, named, refusal);
    }

    private static RecordError error(String code, String message) {
        return new RecordError(message, InvalidRequestException.TYPE, null, code);
    }

    private static String tooLong(long length) {
        return "found " + length + " bytes, expected at most " + FileRecord.LONGEST
                + "; shorten it, or close a quote that is open";
    }

    private static String notUtf8(byte[] bytes, int index) {
        return String.format(
                "found the byte 0x%02X at index %d, where no character of UTF-8 can begin so or it is not finished; expected"
                        + " UTF-8; convert the file",
                bytes[index], index);
    }

    private static String count(int columns) {
        return columns + (columns == 1 ? " column" : " columns");
    }

    @Override
    public long position() {
        return rows.position();
    }

    @Override
    public void close() throws IOException {
        rows.close();
    }
}
