package io.flinkgpt2.job.files;

import java.io.IOException;
import java.io.OutputStream;
import java.util.List;

/** Makes writers of answers. */
public final class AnswerWriters {

    private AnswerWriters() {}

    /**
     * Returns a new writer, which closes the stream.
     *
     * @param columns of all inputs: the {@linkplain TableColumn#union union} of their {@link TableFiles#columns}; only tables
     *     have them
     * @param separator the line between two texts, or null: each is a line; only texts have it
     */
    public static AnswerWriter open(FileFormat format, OutputStream out, List<TableColumn> columns, String separator)
            throws IOException {
        return switch (format) {
            case JSONL -> new JsonlWriter(out);
            case TEXT -> new TextWriter(out, separator);
            case CSV -> new CsvWriter(out, ',', new AnswerTable(columns));
            case TSV -> new CsvWriter(out, '\t', new AnswerTable(columns));
            case PARQUET -> TableFiles.library(format).write(out, new AnswerTable(columns));
        };
    }
}
