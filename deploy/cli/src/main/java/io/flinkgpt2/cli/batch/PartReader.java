package io.flinkgpt2.cli.batch;

import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads lines of the parts by their places; keeps the files open that were read last. */
final class PartReader implements AutoCloseable {

    private static final int MOST_OPEN = 64;

    /** Bytes that are read at once: the answers of a slot stand one after the other, nearly. */
    private static final int WINDOW = 1 << 15;

    /** A file with the bytes around the last place. */
    private static final class OpenPart {
        private final RandomAccessFile file;
        private byte[] window = new byte[0];
        private long windowStart;

        private OpenPart(Path path) throws IOException {
            this.file = new RandomAccessFile(path.toFile(), "r");
        }

        private byte[] read(long position, int length) throws IOException {
            if (position < windowStart || position + length > windowStart + window.length) {
                long left = file.length() - position;
                if (left < length) {
                    throw new EOFException("a part ends before byte " + (position + length));
                }
                window = new byte[(int) Math.min(left, Math.max(length, WINDOW))];
                windowStart = position;
                file.seek(position);
                file.readFully(window);
            }
            byte[] line = new byte[length];
            System.arraycopy(window, (int) (position - windowStart), line, 0, length);
            return line;
        }
    }

    private final List<Path> parts;
    private final Map<Integer, OpenPart> open = new LinkedHashMap<>(16, 0.75f, true);

    PartReader(List<Path> parts) {
        this.parts = parts;
    }

    /** Returns a line without its end. */
    byte[] read(AnswerIndex.Entry entry) throws IOException {
        OpenPart part = open.get(entry.part());
        if (part == null) {
            part = new OpenPart(parts.get(entry.part()));
            open.put(entry.part(), part);
            if (open.size() > MOST_OPEN) {
                Iterator<OpenPart> eldest = open.values().iterator();
                eldest.next().file.close();
                eldest.remove();
            }
        }
        return part.read(entry.position(), entry.length());
    }

    @Override
    public void close() throws IOException {
        IOException failure = null;
        for (OpenPart part : open.values()) {
            try {
                part.file.close();
            } catch (IOException e) {
                failure = e;
            }
        }
        open.clear();
        if (failure != null) {
            throw failure;
        }
    }
}
