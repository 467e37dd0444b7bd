package io.flinkgpt2.parquet;

import io.flinkgpt2.job.files.AnswerTable;
import io.flinkgpt2.job.files.AnswerWriter;
import io.flinkgpt2.job.files.FileFormat;
import io.flinkgpt2.job.files.InvalidInputException;
import io.flinkgpt2.job.files.PromptFile;
import io.flinkgpt2.job.files.ReadOptions;
import io.flinkgpt2.job.files.RecordReader;
import io.flinkgpt2.job.files.TableColumn;
import io.flinkgpt2.job.files.TableLibrary;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.Path;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.schema.MessageType;

/** Reads and writes Parquet, on Flink's file systems and without Hadoop. */
public final class ParquetLibrary implements TableLibrary {

    @Override
    public FileFormat format() {
        return FileFormat.PARQUET;
    }

    @Override
    public List<TableColumn> columns(PromptFile file) throws IOException {
        Path path = new Path(file.path());
        try (ParquetInput input = new ParquetInput(path.getFileSystem().open(path), file.length());
                ParquetFileReader reader = open(input, file)) {
            MessageType schema = reader.getFileMetaData().getSchema();
            return schema.getFields().stream().map(ColumnTypes::column).toList();
        }
    }

    @Override
    public RecordReader open(PromptFile file, ReadOptions options, long position) throws IOException {
        Path path = new Path(file.path());
        FSDataInputStream stream = path.getFileSystem().open(path);
        try {
            ParquetInput input = new ParquetInput(stream, file.length());
            return new ParquetRows(open(input, file), input, options.promptColumn(), file.name(), position);
        } catch (IOException | RuntimeException e) {
            stream.close();
            throw e;
        }
    }

    /** Reads the footer, which is where a file that is not Parquet shows. */
    private static ParquetFileReader open(ParquetInput input, PromptFile file) throws IOException {
        ParquetReadOptions options = ParquetReadOptions.builder(new PlainParquetConfiguration())
                .withCodecFactory(new PageCodecs())
                .build();
        try {
            return ParquetFileReader.open(input, options);
        } catch (IOException | RuntimeException e) {
            input.throwFailure();
            throw new InvalidInputException(
                    file.name(),
                    "what cannot be read as Parquet (" + reason(e) + ")",
                    "a whole file of Parquet; check how it was made");
        }
    }

    /** Returns what an error says, and what the first of its causes says. */
    static String reason(Throwable error) {
        Throwable first = error;
        while (first.getCause() != null) {
            first = first.getCause();
        }
        return first == error ? String.valueOf(error.getMessage()) : error.getMessage() + ": " + first.getMessage();
    }

    @Override
    public AnswerWriter write(OutputStream out, AnswerTable table) throws IOException {
        return new ParquetAnswers(out, table);
    }
}
