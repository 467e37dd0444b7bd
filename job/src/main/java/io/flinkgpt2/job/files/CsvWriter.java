package io.flinkgpt2.job.files;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.csv.CSVPrinter;

/** Answers as a CSV or TSV file, see {@link AnswerTable}: a header row, LF at the end of a row, quotes where they are needed. */
final class CsvWriter implements AnswerWriter {
    private final AnswerTable table;
    private final CSVPrinter printer;

    /** Writes the header. */
    CsvWriter(OutputStream out, char separator, AnswerTable table) throws IOException {
        this.table = table;
        this.printer = new CSVPrinter(
                new BufferedWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8), 1 << 16),
                CsvValues.format(separator));
        printer.printRecord(table.names());
    }

    @Override
    public void answered(FileRecord record, byte[] answer) throws IOException {
        AnswerFields fields = AnswerFields.read(answer);
        List<String> carried = new ArrayList<>();
        for (JsonNode value : table.values(record, fields)) {
            carried.add(text(value));
        }
        for (AnswerFields.Choice choice : fields.choices()) {
            for (String value : carried) {
                printer.print(value);
            }
            printer.print(choice.text());
            printer.print(choice.finishReason());
            printer.print(choice.index());
            printer.println();
        }
    }

    /** Returns a text as it is, of another value the JSON. */
    private static String text(JsonNode value) {
        if (value == null) {
            return null;
        }
        return value.isTextual() ? value.textValue() : new String(TableRecords.json(value), StandardCharsets.UTF_8);
    }

    @Override
    public void refused(FileRecord record) {
        // It stands in the file of errors.
    }

    @Override
    public void close() throws IOException {
        printer.close(true);
    }
}
