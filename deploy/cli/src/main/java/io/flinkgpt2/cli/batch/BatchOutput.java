package io.flinkgpt2.cli.batch;

import io.flinkgpt2.job.files.AnswerWriter;
import io.flinkgpt2.job.files.AnswerWriters;
import io.flinkgpt2.job.files.Compression;
import io.flinkgpt2.job.files.FileFormat;
import io.flinkgpt2.job.files.FileReaders;
import io.flinkgpt2.job.files.FileRecord;
import io.flinkgpt2.job.files.FileSettings;
import io.flinkgpt2.job.files.PromptFile;
import io.flinkgpt2.job.files.TableColumn;
import io.flinkgpt2.local.server.Deletion;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;

/** Makes OUT and ERR of the parts. Both are made beside their places, and moved there when they are whole: ERR first. */
final class BatchOutput {

    private static final int BUFFER = 1 << 16;

    private final BatchPaths paths;
    private final FileFormat format;
    private final List<TableColumn> columns;
    private final FileSettings settings;
    private final RunDirectory directory;

    /** @param columns of all inputs */
    BatchOutput(
            BatchPaths paths,
            FileFormat format,
            List<TableColumn> columns,
            FileSettings settings,
            RunDirectory directory) {
        this.paths = paths;
        this.format = format;
        this.columns = columns;
        this.settings = settings;
        this.directory = directory;
    }

    /**
     * Writes both.
     *
     * @throws IOException if something cannot be written, or the answers are not those of the prompts; OUT is as it was then
     */
    Merge.Counts write(List<PromptFile> files) throws IOException {
        Path scratch = directory.scratch();
        if (Files.exists(scratch)) {
            Deletion.of(scratch);
        }
        Path sorting = Files.createDirectories(scratch.resolve("sort"));
        Path out = scratch.resolve("out");
        Path errors = scratch.resolve("errors");
        List<Path> parts = PartFiles.finished(directory.parts());
        Merge merge = new Merge(new FileReaders(settings.read()), files, parts);
        Merge.Counts counts;
        try (ErrorFile errorFile = new ErrorFile(errors, settings.deadLetterMaxBytes());
                AnswerWriter writer = paths.unordered() ? new Nothing() : open(out)) {
            counts = merge.write(writer, errorFile, sorting);
        } catch (FileSystemException e) {
            throw e;
        } catch (IOException e) {
            throw new IOException(
                    paths.out() + ": cannot be made (" + e.getMessage()
                            + "). The answers are kept; run the command again once that is mended",
                    e);
        }
        if (paths.unordered()) {
            copyUnordered(parts, out);
        }
        publish(errors, out);
        return counts;
    }

    private AnswerWriter open(Path file) throws IOException {
        Compression compression = paths.unordered()
                ? Compression.NONE
                : Compression.ofName(paths.out().getFileName().toString());
        OutputStream stream = compression.compress(new BufferedOutputStream(Files.newOutputStream(file), BUFFER));
        try {
            return AnswerWriters.open(format, stream, columns, settings.read().separator());
        } catch (IOException | RuntimeException e) {
            stream.close();
            throw e;
        }
    }

    /** Copies the answers as they were completed, a file for each part. */
    private void copyUnordered(List<Path> parts, Path out) throws IOException {
        Files.createDirectories(out);
        int number = 0;
        for (Path part : parts) {
            if (!part.getParent().getFileName().toString().equals(FileSettings.COMPLETIONS)) {
                continue;
            }
            Path file = out.resolve(String.format(Locale.ROOT, "part-%05d.%s", number++, extension()));
            try (InputStream in = new BufferedInputStream(Files.newInputStream(part), BUFFER);
                    AnswerWriter writer = open(file)) {
                Line line = new Line();
                while (line.read(in)) {
                    byte[] answer = line.toByteArray();
                    if (!AnswerPlace.read(answer, 0, answer.length).hasError()) {
                        writer.answered(null, answer);
                    }
                }
            }
        }
    }

    private String extension() {
        return format == FileFormat.TEXT ? "txt" : "jsonl";
    }

    private void publish(Path errors, Path out) throws IOException {
        if (Files.exists(errors)) {
            Files.move(errors, paths.errors(), StandardCopyOption.REPLACE_EXISTING);
        } else {
            Files.deleteIfExists(paths.errors());
        }
        if (paths.unordered() && Files.isDirectory(paths.out())) {
            Deletion.of(paths.out());
        }
        Files.move(out, paths.out(), StandardCopyOption.REPLACE_EXISTING);
    }

    /** Where answers are only counted. */
    private static final class Nothing implements AnswerWriter {
        @Override
        public void answered(FileRecord record, byte[] answer) {}

        @Override
        public void refused(FileRecord record) {}

        @Override
        public void close() {}
    }
}
