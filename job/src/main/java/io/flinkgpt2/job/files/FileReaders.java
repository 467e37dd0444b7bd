package io.flinkgpt2.job.files;

import io.flinkgpt2.job.record.InvalidRequestException;
import io.flinkgpt2.job.record.RecordError;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.util.Arrays;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.Path;

/** Opens files of prompts. */
public final class FileReaders implements Serializable {
    private static final long serialVersionUID = 1L;

    private final ReadOptions options;

    public FileReaders(ReadOptions options) {
        this.options = options;
    }

    /** Returns whether parts of a file can be read side by side. */
    public static boolean isSplittable(PromptFile file) {
        return file.compression() == Compression.NONE
                && (file.format() == FileFormat.JSONL || file.format() == FileFormat.TEXT);
    }

    /** Returns a reader of a whole file. */
    public RecordReader open(PromptFile file) throws IOException {
        return openAt(file, 0, Long.MAX_VALUE);
    }

    /**
     * Returns a reader that goes on where another one was.
     *
     * @param position of that other one, or 0
     * @param end of the range of bytes that it read, exclusive
     */
    RecordReader openAt(PromptFile file, long position, long end) throws IOException {
        if (position >= end) {
            return OneRecord.none(position);
        }
        if (file.format().isTable()) {
            try {
                return TableFiles.open(file, options, position);
            } catch (InvalidInputException e) {
                RecordError refusal = Refusals.error(InvalidRequestException.INVALID_VALUE, e.getMessage());
                return new OneRecord(Refusals.of(0, 1, new byte[0], refusal), end);
            }
        }
        FSDataInputStream in = openFile(file);
        try {
            RecordError refusal = position == 0 ? refusalOfEncoding(file, in) : null;
            if (refusal != null) {
                in.close();
                return new OneRecord(Refusals.of(0, 1, new byte[0], refusal), end);
            }
            return LineReader.at(decompressedAt(file, in, position), file.format(), options, position, end);
        } catch (IOException | RuntimeException e) {
            in.close();
            throw e;
        }
    }

    /**
     * Returns a reader of a range of a file that {@linkplain #isSplittable can be split}.
     *
     * @param start of the range, in bytes
     * @param end of the range, exclusive
     */
    RecordReader openRange(PromptFile file, long start, long end) throws IOException {
        if (start == 0) {
            return openAt(file, 0, end);
        }
        FSDataInputStream in = openFile(file);
        try {
            if (refusalOfEncoding(file, in) != null) {
                in.close();
                return OneRecord.none(end);
            }
            in.seek(start - 1);
            return LineReader.ofRange(in, file.format(), options, start, end);
        } catch (IOException | RuntimeException e) {
            in.close();
            throw e;
        }
    }

    /** Returns why a file of lines is not read, by its first bytes; null if it is. */
    private static RecordError refusalOfEncoding(PromptFile file, FSDataInputStream in) throws IOException {
        in.seek(0);
        byte[] head = new byte[4];
        try {
            int length = file.compression().open(in).readNBytes(head, 0, head.length);
            return Refusals.ofEncoding(Arrays.copyOf(head, length));
        } catch (DamagedFileException e) {
            return null; // its reader says so
        }
    }

    private static FSDataInputStream openFile(PromptFile file) throws IOException {
        Path path = new Path(file.path());
        return path.getFileSystem().open(path);
    }

    private static InputStream decompressedAt(PromptFile file, FSDataInputStream in, long position) throws IOException {
        if (file.compression() == Compression.NONE) {
            in.seek(position);
            return in;
        }
        in.seek(0);
        InputStream decompressed = file.compression().open(in);
        try {
            decompressed.skipNBytes(position);
        } catch (EOFException e) {
            throw new IOException(
                    file.path() + ": found it shorter than " + position
                            + " bytes, expected the file as it was; it has changed",
                    e);
        }
        return decompressed;
    }
}
