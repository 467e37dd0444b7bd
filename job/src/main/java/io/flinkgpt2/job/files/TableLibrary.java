package io.flinkgpt2.job.files;

import java.io.IOException;
import java.io.OutputStream;
import java.util.List;

/** A format of tables whose library is in a jar of its own, found by {@link java.util.ServiceLoader}. */
public interface TableLibrary {

    /** Returns the format that it reads and writes. */
    FileFormat format();

    /** Returns the columns of a file, from its metadata. */
    List<TableColumn> columns(PromptFile file) throws IOException;

    /**
     * Opens a file.
     *
     * @param position 0, or what {@link RecordReader#position} returned
     * @throws InvalidInputException if it is not of the format, or its prompt column is missing or of another type
     */
    RecordReader open(PromptFile file, ReadOptions options, long position) throws IOException;

    /** Returns a writer of answers, which closes the stream. */
    AnswerWriter write(OutputStream out, AnswerTable table) throws IOException;
}
