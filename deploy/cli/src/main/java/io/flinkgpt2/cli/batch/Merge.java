package io.flinkgpt2.cli.batch;

import io.flinkgpt2.job.files.AnswerWriter;
import io.flinkgpt2.job.files.FileReaders;
import io.flinkgpt2.job.files.FileRecord;
import io.flinkgpt2.job.files.PromptFile;
import io.flinkgpt2.job.files.RecordReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Brings the answers into the order of their prompts: reads the prompts once more, beside the sorted places of the answers. So it
 * finds out, too, that each prompt has one answer or one reason why not; what the job promises is not taken on trust.
 */
final class Merge {

    /**
     * The numbers of prompts, once all are merged.
     *
     * @param answered prompts with an answer
     * @param failed prompts with a reason why not
     */
    record Counts(long answered, long failed) {}

    private final FileReaders readers;
    private final List<PromptFile> files;
    private final List<Path> parts;

    /**
     * @param files of prompts, in their order
     * @param parts files of answers and dead letters
     */
    Merge(FileReaders readers, List<PromptFile> files, List<Path> parts) {
        this.readers = readers;
        this.files = files;
        this.parts = parts;
    }

    /**
     * Writes all answers and errors, and leaves both open.
     *
     * @param scratch an empty directory for temporary files
     * @throws IOException if a prompt has no answer, or an answer no prompt; says where
     */
    Counts write(AnswerWriter answers, ErrorFile errors, Path scratch) throws IOException {
        long answered = 0;
        long failed = 0;
        try (AnswerIndex index = AnswerIndex.of(parts, files, scratch);
                PartReader lines = new PartReader(parts)) {
            for (int number = 0; number < files.size(); number++) {
                PromptFile file = files.get(number);
                try (RecordReader reader = readers.open(file)) {
                    FileRecord record;
                    while ((record = reader.next()) != null) {
                        AnswerIndex.Entry entry = requireEntry(index, number, record);
                        if (entry.isAnswer()) {
                            answers.answered(record, lines.read(entry));
                            answered++;
                        } else {
                            errors.write(file, record, lines.read(entry));
                            answers.refused(record);
                            failed++;
                        }
                    }
                }
            }
            if (index.peek() != null) {
                throw tooMany(index.peek());
            }
        }
        return new Counts(answered, failed);
    }

    private AnswerIndex.Entry requireEntry(AnswerIndex index, int file, FileRecord record) throws IOException {
        AnswerIndex.Entry entry = index.peek();
        if (entry != null && (entry.file() < file || entry.file() == file && entry.offset() < record.offset())) {
            throw tooMany(entry);
        }
        if (entry == null || entry.file() > file || entry.offset() > record.offset()) {
            throw new IOException(files.get(file).path() + ", line " + record.line()
                    + ": found no answer to the prompt there, expected one; if the file has changed since the run began,"
                    + " start it anew with --restart");
        }
        return index.take();
    }

    private IOException tooMany(AnswerIndex.Entry entry) {
        return new IOException(files.get(entry.file()).path() + ", byte " + entry.offset()
                + ": found an answer and no prompt that it could belong to, expected one answer to each prompt; if the file"
                + " has changed since the run began, start it anew with --restart");
    }
}
