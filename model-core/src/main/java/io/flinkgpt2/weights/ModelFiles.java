package io.flinkgpt2.weights;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/** Opens and reads files of a model. Symbolic links are followed: the hub's cache is made of them. */
final class ModelFiles {
    /** Advice about a file that {@link #isGitLfsPointer}. */
    static final String LFS_ADVICE = "the file is a Git LFS pointer: fetch the model's files with git lfs pull";

    private static final byte[] GIT_LFS_POINTER = "version ".getBytes(StandardCharsets.US_ASCII);

    private ModelFiles() {}

    /** Makes a reader of an open file. */
    @FunctionalInterface
    interface Opener<T> {
        T open(FileChannel channel) throws IOException;
    }

    /**
     * Opens a regular file for reading.
     *
     * @throws InvalidModelException if there is none; a pipe or device would block, or never end
     */
    static FileChannel open(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new InvalidModelException(
                    file,
                    "file",
                    Files.exists(file) ? "something that is not a regular file" : "no such file",
                    "a file with a model's weights",
                    "check the path, and that the download is complete");
        }
        try {
            return FileChannel.open(file, StandardOpenOption.READ);
        } catch (IOException e) {
            throw new IOException(file + ": cannot open the file for reading: " + e, e);
        }
    }

    /** Opens a file as {@link #open(Path)} does and makes a reader of it; closes the file if that fails. */
    static <T> T open(Path file, Opener<T> opener) throws IOException {
        FileChannel channel = open(file);
        try {
            return opener.open(channel);
        } catch (Throwable e) {
            try {
                channel.close();
            } catch (IOException closing) {
                e.addSuppressed(closing);
            }
            throw e;
        }
    }

    /** Returns the file's size in bytes. */
    static long size(FileChannel channel, Path file) throws IOException {
        try {
            return channel.size();
        } catch (IOException e) {
            throw new IOException(file + ": cannot tell the file's size: " + e, e);
        }
    }

    /**
     * Returns the file's first bytes.
     *
     * @return {@code length} bytes, or all if the file has fewer
     */
    static byte[] start(FileChannel channel, Path file, int length) throws IOException {
        byte[] bytes = new byte[length];
        return Arrays.copyOf(bytes, readFully(channel, file, "start", 0, bytes));
    }

    /**
     * Reads bytes of which the file is known to have enough.
     *
     * @param subject what they are, for messages
     * @throws InvalidModelException if the file ends before {@code position + length}
     */
    static byte[] read(FileChannel channel, Path file, String subject, long position, int length) throws IOException {
        byte[] bytes = new byte[length];
        int count = readFully(channel, file, subject, position, bytes);
        if (count < length) {
            throw new InvalidModelException(
                    file,
                    subject,
                    "the file's end at byte " + (position + count),
                    "at least " + (position + length) + " bytes, as when the file was opened",
                    "do not change a model's files while they are loaded, and load them again");
        }
        return bytes;
    }

    private static int readFully(FileChannel channel, Path file, String subject, long position, byte[] target)
            throws IOException {
        try {
            return TensorStream.readFully(channel, target, target.length, position);
        } catch (IOException e) {
            throw new IOException(file + ": " + subject + ": cannot read it: " + e, e);
        }
    }

    /**
     * Returns whether a file that starts so is the short text that a repository cloned without its large files has in place of
     * each.
     */
    static boolean isGitLfsPointer(byte[] start) {
        int n = GIT_LFS_POINTER.length;
        return start.length >= n && Arrays.equals(start, 0, n, GIT_LFS_POINTER, 0, n);
    }

    /**
     * Refuses a file that is such a pointer.
     *
     * @param content all of it, or its start
     */
    static void refuseGitLfsPointer(Path file, byte[] content) throws InvalidModelException {
        if (isGitLfsPointer(content)) {
            throw new InvalidModelException(file, "file", "a Git LFS pointer", "what it points to", LFS_ADVICE);
        }
    }

    /** Returns the exception of {@link WeightsFile#read} for a name that the file does not have. */
    static InvalidModelException noSuchTensor(Path file, String tensorName) {
        return new InvalidModelException(
                file,
                "tensor " + InvalidModelException.quoted(tensorName),
                "no tensor of this name",
                "one",
                "check that the weights belong to the model's config");
    }

    /** Returns the last part of the path, for messages. */
    static String name(Path file) {
        Path name = file.getFileName();
        return name == null ? file.toString() : name.toString();
    }
}
