package io.flinkgpt2.job.files;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.ServiceLoader;
import org.apache.flink.core.fs.Path;

/** Opens files of tables. */
public final class TableFiles {

    private TableFiles() {}

    /**
     * Opens a table, whose format {@linkplain FileFormat#isTable is one}.
     *
     * @param position 0, or what {@link RecordReader#position} returned
     * @throws InvalidInputException if it is not of its format, or its prompt column is missing or of another type
     */
    public static RecordReader open(PromptFile file, ReadOptions options, long position) throws IOException {
        return switch (file.format()) {
            case CSV, TSV -> new CsvReader(decompressed(file), file, options, position);
            case PARQUET -> library(file.format()).open(file, options, position);
            case JSONL, TEXT ->
                throw new IllegalArgumentException(file.name() + ": found " + file.format() + ", expected a table");
        };
    }

    /**
     * Returns the columns that a file of any format brings to a table of answers. Reads its header, nothing more.
     *
     * @throws InvalidInputException if it is a table and not of its format
     */
    public static List<TableColumn> columns(PromptFile file) throws IOException {
        return switch (file.format()) {
            case CSV, TSV -> CsvReader.columns(decompressed(file), file);
            case PARQUET -> library(file.format()).columns(file);
            case JSONL -> AnswerTable.columnsOfRequests();
            case TEXT -> List.of(TableColumn.text(ReadOptions.PROMPT_COLUMN));
        };
    }

    /**
     * Returns the library of a format.
     *
     * @throws InvalidInputException if its jar is not there
     */
    static TableLibrary library(FileFormat format) {
        for (TableLibrary library : ServiceLoader.load(TableLibrary.class, TableLibrary.class.getClassLoader())) {
            if (library.format() == format) {
                return library;
            }
        }
        throw new InvalidInputException(
                format.toString(),
                "no library for this format",
                "flink-gpt2-" + format + ".jar on the class path; see 'Formats' in docs/files.md");
    }

    private static InputStream decompressed(PromptFile file) throws IOException {
        Path path = new Path(file.path());
        return file.compression().open(path.getFileSystem().open(path));
    }
}
