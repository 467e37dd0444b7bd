package io.flinkgpt2.job.files;

import java.io.Closeable;
import java.io.IOException;

/** The records of a file, one after the other. */
public interface RecordReader extends Closeable {

    /**
     * Returns the next record, or null at the end. What is wrong with one record stands in it as its
     * {@linkplain FileRecord#refusal refusal}; where the file cannot be read further, that of the last record says so.
     *
     * @throws IOException if the file system fails, so that another try may succeed
     */
    FileRecord next() throws IOException;

    /** Returns where the next record is looked for: a reader that is opened there goes on as this one would. */
    long position();
}
