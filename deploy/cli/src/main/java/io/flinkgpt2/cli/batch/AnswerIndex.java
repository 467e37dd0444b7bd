package io.flinkgpt2.cli.batch;

import io.flinkgpt2.job.files.PromptFile;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.lucene.codecs.CodecUtil;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.IndexOutput;
import org.apache.lucene.store.NIOFSDirectory;
import org.apache.lucene.util.BytesRef;
import org.apache.lucene.util.OfflineSorter;
import org.apache.lucene.util.OfflineSorter.BufferSize;
import org.apache.lucene.util.OfflineSorter.ByteSequencesReader;
import org.apache.lucene.util.OfflineSorter.ByteSequencesWriter;

/**
 * The places of all answers and dead letters in the parts, in the order of the prompts. It is sorted on disk, so it takes the same
 * few megabytes of memory for any number.
 */
final class AnswerIndex implements AutoCloseable {

    /** Bytes of an entry: file, offset, whether it is an answer, part, position, length. */
    private static final int ENTRY = Integer.BYTES + Long.BYTES + 1 + Integer.BYTES + Long.BYTES + Integer.BYTES;

    private static final int SORT_MEGABYTES = 16;
    private static final int MOST_SORTED_FILES = 32;

    /**
     * A place of an answer or dead letter.
     *
     * @param file which of the run's files its prompt stands in
     * @param offset of the prompt
     * @param isAnswer whether it is an answer without an error
     * @param part which of the parts it stands in
     * @param position of its line there
     * @param length of its line, without the end
     */
    record Entry(int file, long offset, boolean isAnswer, int part, long position, int length) {}

    private final Directory directory;
    private final ByteSequencesReader sorted;
    private Entry next;

    private AnswerIndex(Directory directory, ByteSequencesReader sorted) throws IOException {
        this.directory = directory;
        this.sorted = sorted;
        this.next = read();
    }

    /**
     * Reads all parts and sorts the places.
     *
     * @param parts files of answers and dead letters, one JSON object a line
     * @param files of prompts, in their order
     * @param scratch an empty directory for temporary files, with room for {@value #ENTRY} bytes an answer, twice
     * @throws IOException if a part has a line that is none of a file
     */
    static AnswerIndex of(List<Path> parts, List<PromptFile> files, Path scratch) throws IOException {
        Map<String, Integer> numbers = new HashMap<>();
        for (int i = 0; i < files.size(); i++) {
            numbers.put(key(files.get(i).root(), files.get(i).name()), i);
        }
        Directory directory = new NIOFSDirectory(scratch);
        try {
            String unsorted;
            try (IndexOutput output = directory.createTempOutput("answers", "places", IOContext.DEFAULT);
                    ByteSequencesWriter writer = new ByteSequencesWriter(output)) {
                unsorted = output.getName();
                for (int part = 0; part < parts.size(); part++) {
                    addAll(parts.get(part), part, numbers, writer);
                }
                CodecUtil.writeFooter(output);
            }
            OfflineSorter sorter = new OfflineSorter(
                    directory,
                    "answers",
                    BytesRef::compareTo,
                    BufferSize.megabytes(SORT_MEGABYTES),
                    MOST_SORTED_FILES,
                    ENTRY,
                    null,
                    0);
            String sorted = sorter.sort(unsorted);
            directory.deleteFile(unsorted);
            return new AnswerIndex(
                    directory,
                    new ByteSequencesReader(directory.openChecksumInput(sorted, IOContext.READONCE), sorted));
        } catch (IOException | RuntimeException e) {
            directory.close();
            throw e;
        }
    }

    private static String key(int root, String name) {
        return root + "/" + name;
    }

    private static void addAll(Path part, int number, Map<String, Integer> files, ByteSequencesWriter writer)
            throws IOException {
        byte[] entry = new byte[ENTRY];
        long position = 0;
        try (InputStream in = new BufferedInputStream(Files.newInputStream(part), 1 << 16)) {
            Line line = new Line();
            while (line.read(in)) {
                int length = line.length();
                AnswerPlace place;
                try {
                    place = AnswerPlace.read(line.array(), 0, length);
                } catch (IOException e) {
                    throw new IOException(part + ", byte " + position + ": " + e.getMessage(), e);
                }
                Integer file = files.get(key(place.root(), place.file()));
                if (file == null) {
                    throw new IOException(part + ", byte " + position + ": found an answer to a prompt of "
                            + place.file() + ", expected one of a file of the inputs");
                }
                ByteBuffer.wrap(entry)
                        .putInt(file)
                        .putLong(place.offset())
                        .put((byte) (place.hasError() ? 1 : 0))
                        .putInt(number)
                        .putLong(position)
                        .putInt(length);
                writer.write(entry, 0, ENTRY);
                position += length + 1;
            }
        }
    }

    /** Returns the next entry without taking it, or null at the end. */
    Entry peek() {
        return next;
    }

    /** Takes the next entry, which there is. */
    Entry take() throws IOException {
        Entry taken = next;
        next = read();
        return taken;
    }

    private Entry read() throws IOException {
        BytesRef bytes = sorted.next();
        if (bytes == null) {
            return null;
        }
        ByteBuffer entry = ByteBuffer.wrap(bytes.bytes, bytes.offset, bytes.length);
        return new Entry(
                entry.getInt(), entry.getLong(), entry.get() == 0, entry.getInt(), entry.getLong(), entry.getInt());
    }

    @Override
    public void close() throws IOException {
        try (directory) {
            sorted.close();
        }
    }
}
