package io.flinkgpt2.weights;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Reads the head of a GGUF file front to back, through a window. Every length is checked against what is left of the head
 * before anything is allocated for it. One thread's own.
 */
final class GgufCursor {
    static final String ADVICE = "the file is damaged or not GGUF: download or convert it again";

    private static final int WINDOW_BYTES = 32 << 10;

    private final FileChannel channel;
    private final Path file;
    private final long fileBytes;
    private final long limit;
    private final byte[] window = new byte[WINDOW_BYTES];
    private long windowStart;
    private int windowBytes;
    private long position;
    private String thing = "file";
    private String name;
    private String field = "";

    /** At {@code position}; the head ends at {@code mostBytes}, or with the file if that is shorter. */
    GgufCursor(FileChannel channel, Path file, long position, long fileBytes, long mostBytes) {
        this.channel = channel;
        this.file = file;
        this.fileBytes = fileBytes;
        this.limit = Math.min(fileBytes, mostBytes);
        this.position = position;
    }

    /** Says what is read from here on, for messages. */
    GgufCursor at(String what) {
        return at(what, null, "");
    }

    /**
     * Says what is read from here on: {@code tensor 'w', shape}. The words are put together when they are needed only.
     *
     * @param owner of what is read, as the file calls it
     */
    GgufCursor at(String kind, String owner, String part) {
        this.thing = kind;
        this.name = owner;
        this.field = part;
        return this;
    }

    private String subject() {
        return name == null ? thing : thing + " " + InvalidModelException.quoted(name) + field;
    }

    long position() {
        return position;
    }

    /** Returns the number of bytes that are left of the head. */
    long remaining() {
        return limit - position;
    }

    int u8() throws IOException {
        int at = require(1);
        position++;
        return window[at] & 0xff;
    }

    /** Returns a little-endian unsigned integer of 1 to 8 bytes; of 8 bytes, the bits of one. */
    long unsigned(int bytes) throws IOException {
        int at = require(bytes);
        position += bytes;
        long value = 0;
        for (int i = bytes - 1; i >= 0; i--) {
            value = value << 8 | (window[at + i] & 0xff);
        }
        return value;
    }

    /** Returns a little-endian integer in two's complement of 1 to 8 bytes. */
    long signed(int bytes) throws IOException {
        int unused = Long.SIZE - 8 * bytes;
        return unsigned(bytes) << unused >> unused;
    }

    /**
     * Returns a number of things that follow, each of which takes {@code leastBytes} or more.
     *
     * @throws InvalidModelException if so many do not fit into what is left
     */
    long count(String things, int leastBytes) throws IOException {
        long count = unsigned(Long.BYTES);
        long most = remaining() / leastBytes;
        if (Long.compareUnsigned(count, most) > 0) {
            throw invalid(
                    Long.toUnsignedString(count) + " " + things,
                    "at most " + most + ", for which the " + remaining() + " bytes left of the head have room");
        }
        return count;
    }

    /** Passes over so many bytes, which are there. */
    void skip(long bytes) throws IOException {
        if (bytes > remaining()) {
            throw pastTheEnd(bytes);
        }
        position += bytes;
    }

    void skipString() throws IOException {
        skip(count("bytes of text", 1));
    }

    /** Returns a string of at most {@code mostBytes} bytes. */
    String string(int mostBytes) throws IOException {
        long length = count("bytes of text", 1);
        if (length > mostBytes) {
            throw invalid(length + " bytes of text", "at most " + mostBytes);
        }
        int bytes = (int) length;
        String text;
        if (bytes <= WINDOW_BYTES) {
            text = new String(window, require(bytes), bytes, StandardCharsets.UTF_8);
        } else {
            byte[] utf8 = new byte[bytes];
            requireRead(TensorStream.readFully(channel, utf8, bytes, position), bytes);
            text = new String(utf8, StandardCharsets.UTF_8);
        }
        // Malformed bytes became U+FFFD, which takes another number of bytes or was there: only then look closely.
        if (text.indexOf('\ufffd') >= 0) {
            requireUtf8(text, bytes);
        }
        position += bytes;
        return text;
    }

    private void requireUtf8(String text, int bytes) throws IOException {
        byte[] again = text.getBytes(StandardCharsets.UTF_8);
        boolean same = again.length == bytes;
        for (int i = 0; same && i < bytes; i += WINDOW_BYTES) {
            int length = Math.min(WINDOW_BYTES, bytes - i);
            fill(position + i, length);
            int at = (int) (position + i - windowStart);
            same = Arrays.equals(window, at, at + length, again, i, i + length);
        }
        if (!same) {
            throw invalid("text that is not UTF-8", "UTF-8");
        }
    }

    /** Makes the next bytes, at most a window, present and returns the index of the first. */
    private int require(int bytes) throws IOException {
        if (bytes > remaining()) {
            throw pastTheEnd(bytes);
        }
        fill(position, bytes);
        return (int) (position - windowStart);
    }

    private void fill(long from, int bytes) throws IOException {
        if (from >= windowStart && from + bytes <= windowStart + windowBytes) {
            return;
        }
        windowStart = from;
        windowBytes = 0; // should reading fail, nothing of the old window is taken for the new
        windowBytes = TensorStream.readFully(channel, window, (int) Math.min(WINDOW_BYTES, limit - from), from);
        requireRead(windowBytes, bytes);
    }

    private void requireRead(int count, int bytes) throws InvalidModelException {
        if (count < bytes) {
            throw new InvalidModelException(
                    file,
                    subject(),
                    "the file's end " + count + " bytes on",
                    bytes + " bytes, as when the file was opened",
                    "do not change a model's files while they are loaded, and load them again");
        }
    }

    private InvalidModelException pastTheEnd(long bytes) {
        return limit == fileBytes
                ? invalid("the file's end at byte " + fileBytes, bytes + " bytes from byte " + position + " on")
                : invalid("more than " + limit + " bytes before the tensors' data", "at most so many");
    }

    InvalidModelException invalid(String found, String expected) {
        return new InvalidModelException(file, subject(), found, expected, ADVICE);
    }
}
