package io.flinkgpt2.job.kafka.source;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.core.io.InputStatus;
import org.apache.kafka.common.TopicPartition;

/**
 * Kafka's reader, which in the end leaves its group's offsets where it stopped. Kafka's own hands them to a thread that its
 * {@code close} may end first.
 *
 * <p>Offsets are committed when a checkpoint is complete that was taken after the last record, as everything up to there is
 * then answered and its answers are committed; and after Kafka's reader is closed, so that no earlier commit of its comes last.
 *
 * @param <T> what is read
 */
@SuppressWarnings("try") // the interface's close() may throw anything
final class BoundedReader<T> implements SourceReader<T, KafkaPartitionSplit> {

    private static final long NONE = Long.MAX_VALUE;

    private final SourceReader<T, KafkaPartitionSplit> reader;
    private final GroupOffsets group;
    /** Where the partitions of this reader end. */
    private final Map<TopicPartition, Long> ends = new HashMap<>();

    private boolean ended;
    private long firstCheckpointAfterEnd = NONE;
    private boolean endIsCheckpointed;

    BoundedReader(SourceReader<T, KafkaPartitionSplit> reader, GroupOffsets group) {
        this.reader = reader;
        this.group = group;
    }

    /** @throws IllegalStateException if a split has no end, as those of a savepoint of a run without one */
    @Override
    public void addSplits(List<KafkaPartitionSplit> splits) {
        for (KafkaPartitionSplit split : splits) {
            long end = split.getStoppingOffset()
                    .orElseThrow(() -> new IllegalStateException(
                            "partition " + split.getTopicPartition() + " has no end in the state that the job goes on"
                                    + " from, expected one with source.bounded; the state is of a run without"
                                    + " source.bounded: go on without it, or start without that state"));
            // A partition that was cut since its group last committed ends before its start, and is not read.
            ends.put(split.getTopicPartition(), Math.max(split.getStartingOffset(), end));
        }
        reader.addSplits(splits);
    }

    @Override
    public InputStatus pollNext(ReaderOutput<T> output) throws Exception {
        InputStatus status = reader.pollNext(output);
        ended |= status == InputStatus.END_OF_INPUT;
        return status;
    }

    @Override
    public List<KafkaPartitionSplit> snapshotState(long checkpointId) {
        if (ended) {
            firstCheckpointAfterEnd = Math.min(firstCheckpointAfterEnd, checkpointId);
        }
        return reader.snapshotState(checkpointId);
    }

    @Override
    public void notifyCheckpointComplete(long checkpointId) throws Exception {
        endIsCheckpointed |= checkpointId >= firstCheckpointAfterEnd;
        reader.notifyCheckpointComplete(checkpointId);
    }

    @Override
    public void close() throws Exception {
        reader.close();
        if (endIsCheckpointed) {
            group.commit(ends);
        }
    }

    @Override
    public void start() {
        reader.start();
    }

    @Override
    public CompletableFuture<Void> isAvailable() {
        return reader.isAvailable();
    }

    @Override
    public void notifyNoMoreSplits() {
        reader.notifyNoMoreSplits();
    }

    @Override
    public void handleSourceEvents(SourceEvent event) {
        reader.handleSourceEvents(event);
    }

    @Override
    public void notifyCheckpointAborted(long checkpointId) throws Exception {
        reader.notifyCheckpointAborted(checkpointId);
    }

    @Override
    public void pauseOrResumeSplits(Collection<String> toPause, Collection<String> toResume) {
        reader.pauseOrResumeSplits(toPause, toResume);
    }
}
