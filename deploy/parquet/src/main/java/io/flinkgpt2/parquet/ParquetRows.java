package io.flinkgpt2.parquet;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.digest.Digests;
import io.flinkgpt2.job.files.DamagedFileException;
import io.flinkgpt2.job.files.FileRecord;
import io.flinkgpt2.job.files.InvalidInputException;
import io.flinkgpt2.job.files.PromptColumn;
import io.flinkgpt2.job.files.RecordReader;
import io.flinkgpt2.job.files.Refusals;
import io.flinkgpt2.job.files.TableRecords;
import io.flinkgpt2.job.record.InvalidRequestException;
import java.io.IOException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.schema.LogicalTypeAnnotation.IntLogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Type.Repetition;

/** The rows of a file of Parquet, each a request. A position is the number of a row. Holds a row group in memory. */
final class ParquetRows implements RecordReader {
    private final ParquetFileReader reader;
    private final ParquetInput input;
    private final String promptColumn;
    private final MessageType schema;
    private final MessageColumnIO columns;
    private final long rowCount;

    private long row;
    /** The rows of the row group that the next row is in; null before the first and after the last. */
    private org.apache.parquet.io.RecordReader<Group> group;
    /** The first row behind them. */
    private long groupEnd;

    /**
     * Requires the prompt column, and goes to a row. Closes nothing if that fails.
     *
     * @param reader is closed with this object
     * @param position 0, or one that {@link #position} returned
     */
    ParquetRows(ParquetFileReader reader, ParquetInput input, String promptColumn, String name, long position) {
        this.reader = reader;
        this.input = input;
        this.promptColumn = promptColumn;
        this.schema = reader.getFileMetaData().getSchema();
        this.columns = new ColumnIOFactory(reader.getFileMetaData().getCreatedBy()).getColumnIO(schema);
        this.rowCount = reader.getRecordCount();
        List<String> names = schema.getFields().stream().map(Type::getName).toList();
        PromptColumn.require(promptColumn, names, name);
        Type type = schema.getType(promptColumn);
        if (!ColumnTypes.isText(type) && !isTokenIds(type)) {
            throw new InvalidInputException(
                    name,
                    "the column '" + promptColumn + "' of the type " + type,
                    "strings, or lists of integers, which are token ids; name another column (--prompt-column)");
        }
        this.row = Math.min(position, rowCount);
        for (int i = 0; groupEnd < rowCount; i++) {
            long next = groupEnd + reader.getRowGroups().get(i).getRowCount();
            if (next > row) {
                break;
            }
            reader.skipNextRowGroup();
            groupEnd = next;
        }
    }

    private static boolean isTokenIds(Type type) {
        Type element = type.isRepetition(Repetition.REPEATED)
                ? type
                : ListType.isList(type) ? ListType.element(type.asGroupType()) : null;
        if (element == null || !element.isPrimitive()) {
            return false;
        }
        PrimitiveTypeName primitive = element.asPrimitiveType().getPrimitiveTypeName();
        return (primitive == PrimitiveTypeName.INT32 || primitive == PrimitiveTypeName.INT64)
                && (element.getLogicalTypeAnnotation() == null
                        || element.getLogicalTypeAnnotation() instanceof IntLogicalTypeAnnotation);
    }

    @Override
    public FileRecord next() throws IOException {
        if (row >= rowCount) {
            return null;
        }
        long number = row;
        ObjectNode values;
        try {
            Group read = readRow();
            row++;
            values = RowJson.of(read);
        } catch (InvalidValueException e) {
            return Refusals.of(
                    number,
                    number + 1,
                    new byte[0],
                    Refusals.error(InvalidRequestException.INVALID_VALUE, "the row: " + e.getMessage()));
        } catch (IOException | RuntimeException e) {
            input.throwFailure();
            row = rowCount;
            return Refusals.damaged(
                    number,
                    number + 1,
                    new DamagedFileException(
                            "found rows that cannot be read (" + ParquetLibrary.reason(e)
                                    + "), expected them as the footer says",
                            e));
        }
        byte[] original = TableRecords.json(values);
        if (original.length > FileRecord.LONGEST) {
            String digest = HexFormat.of().formatHex(Digests.sha256().digest(original));
            byte[] head = Arrays.copyOf(original, FileRecord.HEAD);
            return Refusals.tooLong(number, number + 1, head, original.length, digest);
        }
        byte[] request = TableRecords.request(values, promptColumn);
        return new FileRecord(number, number + 1, original, original.length, null, request, values, null);
    }

    private Group readRow() throws IOException {
        while (group == null || row >= groupEnd) {
            long start = groupEnd;
            PageReadStore pages = reader.readNextRowGroup();
            if (pages == null) {
                throw new IOException("the row groups have fewer rows than " + rowCount);
            }
            groupEnd = start + pages.getRowCount();
            group = columns.getRecordReader(pages, new GroupRecordConverter(schema));
            for (long i = start; i < Math.min(row, groupEnd); i++) {
                group.read();
            }
        }
        return group.read();
    }

    @Override
    public long position() {
        return row;
    }

    @Override
    public void close() throws IOException {
        try (input) {
            reader.close();
        }
    }
}
