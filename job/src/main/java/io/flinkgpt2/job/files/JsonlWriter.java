package io.flinkgpt2.job.files;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** Answers as they are, one a line. */
final class JsonlWriter implements AnswerWriter {
    private final OutputStream out;

    JsonlWriter(OutputStream out) {
        this.out = new BufferedOutputStream(out, 1 << 16);
    }

    @Override
    public void answered(FileRecord record, byte[] answer) throws IOException {
        out.write(answer);
        out.write('\n');
    }

    @Override
    public void refused(FileRecord record) {
        // It stands in the file of errors.
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
