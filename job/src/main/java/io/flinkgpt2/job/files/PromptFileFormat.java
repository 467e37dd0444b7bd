package io.flinkgpt2.job.files;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.flinkgpt2.job.record.PromptRecord;
import io.flinkgpt2.job.record.RecordSource;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.connector.file.src.reader.BulkFormat;
import org.apache.flink.connector.file.src.util.CheckpointedPosition;
import org.apache.flink.connector.file.src.util.RecordAndPosition;

/**
 * Reads prompts for Flink's source of files. A record has the name of its file and its place there for an identity, which a
 * replay gives again.
 */
final class PromptFileFormat implements BulkFormat<PromptRecord, FileSourceSplit> {
    private static final long serialVersionUID = 1L;

    /** Records that are read ahead at once; a prompt takes far longer to answer than to hand over. */
    private static final int BATCH = 16;

    /** Bytes after which no more are read ahead. */
    private static final long BATCH_BYTES = 1 << 20;

    private final PromptFiles files;
    private final FileReaders readers;

    PromptFileFormat(PromptFiles files, FileReaders readers) {
        this.files = files;
        this.readers = readers;
    }

    @Override
    public BulkFormat.Reader<PromptRecord> createReader(Configuration configuration, FileSourceSplit split)
            throws IOException {
        PromptFile file = fileOf(split);
        return new Reader(file, readers.openRange(file, split.offset(), end(file, split)));
    }

    @Override
    public BulkFormat.Reader<PromptRecord> restoreReader(Configuration configuration, FileSourceSplit split)
            throws IOException {
        PromptFile file = fileOf(split);
        long position = split.getReaderPosition()
                .map(CheckpointedPosition::getOffset)
                .orElseThrow(() -> new IllegalStateException(split + ": found no position to go on from"));
        return new Reader(file, readers.openAt(file, position, end(file, split)));
    }

    private PromptFile fileOf(FileSourceSplit split) {
        return files.at(split.path(), split.fileSize(), split.fileModificationTime());
    }

    /** A file that is read whole is read to its end, which is not that of its compressed bytes. */
    private static long end(PromptFile file, FileSourceSplit split) {
        return FileReaders.isSplittable(file) ? split.offset() + split.length() : Long.MAX_VALUE;
    }

    /** {@link PromptFileRanges} decides it for each file. */
    @Override
    public boolean isSplittable() {
        return true;
    }

    @Override
    public TypeInformation<PromptRecord> getProducedType() {
        return TypeInformation.of(PromptRecord.class);
    }

    /** Records of one range, a few at a time. */
    private static final class Reader implements BulkFormat.Reader<PromptRecord> {
        private final PromptFile file;
        private final RecordReader reader;

        private Reader(PromptFile file, RecordReader reader) {
            this.file = file;
            this.reader = reader;
        }

        @Override
        public RecordIterator<PromptRecord> readBatch() throws IOException {
            Deque<RecordAndPosition<PromptRecord>> batch = new ArrayDeque<>(BATCH);
            long bytes = 0;
            while (batch.size() < BATCH && bytes < BATCH_BYTES) {
                FileRecord record = reader.next();
                if (record == null) {
                    break;
                }
                batch.add(new RecordAndPosition<>(promptRecord(record), reader.position(), 0));
                bytes += record.original().length;
            }
            return batch.isEmpty() ? null : new Batch(batch);
        }

        private PromptRecord promptRecord(FileRecord record) {
            RecordSource source = new RecordSource(file.name(), file.root(), record.offset(), file.modified());
            byte[] id = (file.name() + "-" + record.offset()).getBytes(UTF_8);
            PromptRecord prompt = new PromptRecord(
                    source, id, record.refusal() == null ? record.request() : record.original(), List.of());
            prompt.refusal = record.refusal();
            return prompt;
        }

        @Override
        public void close() throws IOException {
            reader.close();
        }
    }

    private record Batch(Deque<RecordAndPosition<PromptRecord>> records) implements RecordIterator<PromptRecord> {
        @Override
        public RecordAndPosition<PromptRecord> next() {
            return records.poll();
        }

        @Override
        public void releaseBatch() {}
    }
}
