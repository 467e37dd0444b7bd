package io.flinkgpt2.job;

import io.flinkgpt2.job.record.PromptRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntPredicate;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.connector.kafka.source.enumerator.KafkaSourceEnumState;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.metrics.Counter;

/**
 * The job's own source, whose readers stop after so many records as the test lets through, and of which one fails once when
 * the test says so. Its switches are static, for the test runs in the process of the cluster; {@link #reset} before use.
 */
final class InterruptibleSource
        implements Source<PromptRecord, KafkaPartitionSplit, KafkaSourceEnumState>, ResultTypeQueryable<PromptRecord> {
    private static final long serialVersionUID = 1L;

    static final String FAILURE = "injected by the test";

    private static final IntPredicate NONE = subtask -> false;

    private static final AtomicInteger LET_THROUGH = new AtomicInteger();
    private static final AtomicReference<IntPredicate> NEEDS_MORE = new AtomicReference<>(NONE);
    private static final AtomicBoolean FAIL = new AtomicBoolean();
    private static final AtomicInteger READERS = new AtomicInteger();
    private static final AtomicReference<Failure> FAILURE_AHEAD = new AtomicReference<>();
    private static final AtomicInteger EMITTED = new AtomicInteger();
    private static final AtomicInteger PAUSE_MILLIS = new AtomicInteger();

    /** When a reader may fail. */
    enum Moment {
        /** When it is asked for a record. */
        POLL,
        /** When a checkpoint or savepoint asks for its state. */
        SNAPSHOT,
        /** When it would say that there is no more. */
        END_OF_INPUT
    }

    /** A failure at so many of its moments from now. */
    private record Failure(Moment moment, AtomicInteger countdown) {}

    private final Source<PromptRecord, KafkaPartitionSplit, KafkaSourceEnumState> source;

    InterruptibleSource(Source<PromptRecord, KafkaPartitionSplit, KafkaSourceEnumState> source) {
        this.source = source;
    }

    static void reset() {
        LET_THROUGH.set(0);
        NEEDS_MORE.set(NONE);
        FAIL.set(false);
        READERS.set(0);
        FAILURE_AHEAD.set(null);
        EMITTED.set(0);
        PAUSE_MILLIS.set(0);
    }

    /** Makes one reader fail at such a moment, the {@code count}-th from now on of all readers; 1 is the next one. */
    static void failAt(Moment moment, int count) {
        FAILURE_AHEAD.set(new Failure(moment, new AtomicInteger(count)));
    }

    /** Whether the failure of {@link #failAt} is still to come. */
    static boolean isFailureAhead() {
        return FAILURE_AHEAD.get() != null;
    }

    /** Records that all readers have emitted since the last failure of {@link #failAt}, or {@link #reset}. */
    static int emitted() {
        return EMITTED.get();
    }

    private static void pass(Moment moment) throws IOException {
        Failure failure = FAILURE_AHEAD.get();
        if (failure != null
                && failure.moment() == moment
                && failure.countdown().decrementAndGet() == 0
                && FAILURE_AHEAD.compareAndSet(failure, null)) {
            EMITTED.set(0);
            throw new IOException(FAILURE + " at " + moment);
        }
    }

    /** Holds up the task, and with it the steps of a chained batch, each time its reader is asked for a record. */
    static void pause(Duration each) {
        PAUSE_MILLIS.set(Math.toIntExact(each.toMillis()));
    }

    /** Lets every reader emit so many records in all, counted from its own start. */
    static void letThrough(int records) {
        LET_THROUGH.set(records);
    }

    /** Lets the reader of a subtask emit a record whenever the subtask needs more, whatever {@link #letThrough} says. */
    static void letThroughWhere(IntPredicate needsMore) {
        NEEDS_MORE.set(needsMore);
    }

    /** Makes the next reader that is asked for a record fail, and lets through everything afterwards. */
    static void failOnce() {
        FAIL.set(true);
    }

    /** How many readers were made so far: one for each subtask and attempt. */
    static int readersMade() {
        return READERS.get();
    }

    @Override
    public SourceReader<PromptRecord, KafkaPartitionSplit> createReader(SourceReaderContext context) throws Exception {
        READERS.incrementAndGet();
        return new Reader(source.createReader(context), context);
    }

    @Override
    public Boundedness getBoundedness() {
        return source.getBoundedness();
    }

    @Override
    public SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> createEnumerator(
            SplitEnumeratorContext<KafkaPartitionSplit> context) throws Exception {
        return source.createEnumerator(context);
    }

    @Override
    public SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> restoreEnumerator(
            SplitEnumeratorContext<KafkaPartitionSplit> context, KafkaSourceEnumState state) throws Exception {
        return source.restoreEnumerator(context, state);
    }

    @Override
    public SimpleVersionedSerializer<KafkaPartitionSplit> getSplitSerializer() {
        return source.getSplitSerializer();
    }

    @Override
    public SimpleVersionedSerializer<KafkaSourceEnumState> getEnumeratorCheckpointSerializer() {
        return source.getEnumeratorCheckpointSerializer();
    }

    @Override
    public TypeInformation<PromptRecord> getProducedType() {
        return TypeInformation.of(PromptRecord.class);
    }

    @SuppressWarnings("try") // the interface's close() may throw anything
    private record Reader(SourceReader<PromptRecord, KafkaPartitionSplit> reader, SourceReaderContext context)
            implements SourceReader<PromptRecord, KafkaPartitionSplit> {

        @Override
        public InputStatus pollNext(ReaderOutput<PromptRecord> output) throws Exception {
            if (FAIL.compareAndSet(true, false)) {
                LET_THROUGH.set(Integer.MAX_VALUE);
                throw new IOException(FAILURE);
            }
            pass(Moment.POLL);
            Thread.sleep(PAUSE_MILLIS.get());
            // The reader counts what it emits.
            Counter counter = context.metricGroup().getIOMetricGroup().getNumRecordsInCounter();
            long emitted = counter.getCount();
            if (emitted >= LET_THROUGH.get() && !NEEDS_MORE.get().test(context.getIndexOfSubtask())) {
                Thread.sleep(1);
                return InputStatus.MORE_AVAILABLE;
            }
            InputStatus status = reader.pollNext(output);
            EMITTED.addAndGet((int) (counter.getCount() - emitted));
            if (status == InputStatus.END_OF_INPUT) {
                pass(Moment.END_OF_INPUT);
            }
            // A task whose source has nothing makes its steps without asking it, and so without a pause.
            boolean paused = PAUSE_MILLIS.get() > 0;
            return status == InputStatus.NOTHING_AVAILABLE && paused ? InputStatus.MORE_AVAILABLE : status;
        }

        @Override
        public void start() {
            reader.start();
        }

        @Override
        public List<KafkaPartitionSplit> snapshotState(long checkpointId) {
            try {
                pass(Moment.SNAPSHOT);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return reader.snapshotState(checkpointId);
        }

        @Override
        public CompletableFuture<Void> isAvailable() {
            return reader.isAvailable();
        }

        @Override
        public void addSplits(List<KafkaPartitionSplit> splits) {
            reader.addSplits(splits);
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
        public void notifyCheckpointComplete(long checkpointId) throws Exception {
            reader.notifyCheckpointComplete(checkpointId);
        }

        @Override
        public void notifyCheckpointAborted(long checkpointId) throws Exception {
            reader.notifyCheckpointAborted(checkpointId);
        }

        @Override
        public void pauseOrResumeSplits(Collection<String> toPause, Collection<String> toResume) {
            reader.pauseOrResumeSplits(toPause, toResume);
        }

        @Override
        public void close() throws Exception {
            reader.close();
        }
    }
}
