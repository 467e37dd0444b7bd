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
     * @throws InvalidInputException if the header cannot be read or lacks the prompt column
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
        } catch (IOException | RuntimeException e) {
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
            throw new InvalidInputException(
                    name, encoding, "a table in UTF-8; convert it (iconv -f " + encoding + " -t UTF-8)");
        }
        rows.passOver(JsonBytes.textStart(head));
        if (!rows.next()) {
            return List.of();
        }
        RecordError refusal = refusal(rows, values);
        if (refusal != null) {
            throw new InvalidInputException(
                    name, "a header row that cannot be read (" + refusal.message + ")", "a row of names");
        }
        List<String> names = List.of(values.next());
        requireNames(names, name);
        return names;
    }

    private static void requireNames(List<String> names, String file) {
        Set<String> known = new HashSet<>();
        for (int i = 0; i < names.size(); i++) {
            String name = names.get(i);
            if (name.isBlank() || !known.add(name)) {
                throw new InvalidInputException(
                        file,
                        (name.isBlank() ? "no name" : "the name " + WireText.quoted(name) + " again") + " for column "
                                + (i + 1) + " of " + names.size(),
                        "a name of its own for each column; change the header row");
            }
        }
    }

    @Override
    public FileRecord next() throws IOException {
        // Without a header there is nothing after it.
        if (columns.isEmpty() || !rows.next()) {
            return null;
        }
        if (rows.damage() != null) {
            return Refusals.damaged(rows.offset(), rows.line(), rows.damage());
        }
        RecordError refusal = refusal(rows, values);
        if (refusal != null) {
            return record(null, null, refusal);
        }
        String[] row = values.next();
        if (row.length != columns.size()) {
            return record(
                    null,
                    null,
                    Refusals.error(
                            InvalidRequestException.INVALID_ROW,
                            "the row: found " + count(row.length) + ", expected " + count(columns.size())
                                    + " as in the header; put values that hold a separator or a line end in quotes"));
        }
        ObjectNode named = JsonNodeFactory.instance.objectNode();
        for (int i = 0; i < row.length; i++) {
            named.put(columns.get(i), row[i]);
        }
        return record(TableRecords.request(named, promptColumn), named, null);
    }

    /** Returns why a row cannot be cut into values; null if it can, and is decoded. */
    private static RecordError refusal(CsvRows rows, CsvValues values) {
        if (rows.damage() != null) {
            return Refusals.damaged(rows.offset(), rows.line(), rows.damage()).refusal();
        }
        if (rows.fault() != null) {
            return Refusals.error(InvalidRequestException.INVALID_ROW, "the row: " + rows.fault());
        }
        if (rows.length() > FileRecord.LONGEST) {
            return Refusals.tooLong(0, 0, rows.bytes(), rows.length(), null).refusal();
        }
        int malformed = values.decode(rows.bytes(), rows.kept());
        return malformed < 0
                ? null
                : Refusals.error(
                        InvalidRequestException.INVALID_UTF8,
                        String.format(
                                "the row is not UTF-8: found the byte 0x%02X at index %d, where no character can begin so or it"
                                        + " is not finished; convert the file",
                                rows.bytes()[malformed], malformed));
    }

    private FileRecord record(byte[] request, ObjectNode named, RecordError refusal) {
        byte[] original = Arrays.copyOf(rows.bytes(), rows.kept());
        return new FileRecord(
                rows.offset(), rows.line(), original, rows.length(), rows.sha256(), request, named, refusal);
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
