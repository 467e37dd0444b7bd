package io.flinkgpt2.job.files;

import java.io.Closeable;
import java.io.IOException;

/** Writes answers to a file, one after the other. {@link #close} ends the file; what throws before leaves it unfinished. */
public interface AnswerWriter extends Closeable {

    /**
     * Writes an answer.
     *
     * @param record the record that was answered
     * @param answer the answer as records have it, in an envelope or bare: JSON in UTF-8, one line, without an end of line
     */
    void answered(FileRecord record, byte[] answer) throws IOException;

    /** Takes note of a record that has an error in place of an answer. */
    void refused(FileRecord record) throws IOException;
}
