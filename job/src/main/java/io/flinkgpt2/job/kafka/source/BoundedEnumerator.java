package io.flinkgpt2.job.kafka.source;

import java.io.IOException;
import java.util.List;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.api.connector.source.SplitEnumerator;

/**
 * An enumerator that discovers its splits once, after its start, and whose readers are then told that no more will come:
 * those that are registered, and each that registers later.
 *
 * <p>The discovery is done when no call of the enumerator's is under way any more: what it calls asynchronously at its start,
 * and whatever the answers make it call. By then it has assigned what the registered readers are to have. A reader that
 * registers later is given what waits for it first, and then told. If a call fails, so does the job.
 *
 * @param <S> split
 * @param <C> the enumerator's state
 */
final class BoundedEnumerator<S extends SourceSplit, C> implements SplitEnumerator<S, C> {

    private final SplitEnumerator<S, C> enumerator;
    private final WatchedContext<S> context;

    /** @param context the one that {@code enumerator} was made with */
    BoundedEnumerator(SplitEnumerator<S, C> enumerator, WatchedContext<S> context) {
        this.enumerator = enumerator;
        this.context = context;
    }

    @Override
    public void start() {
        context.onceIdle(() -> context.registeredReaders().keySet().forEach(context::signalNoMoreSplits));
        enumerator.start();
    }

    @Override
    public void addReader(int subtaskId) {
        enumerator.addReader(subtaskId);
        if (context.wasIdle()) {
            context.signalNoMoreSplits(subtaskId);
        }
    }

    @Override
    public void handleSplitRequest(int subtaskId, String requesterHostname) {
        enumerator.handleSplitRequest(subtaskId, requesterHostname);
    }

    /** Gives the splits of a failed reader to its next attempt, which is told of the end when it registers. */
    @Override
    public void addSplitsBack(List<S> splits, int subtaskId) {
        enumerator.addSplitsBack(splits, subtaskId);
    }

    @Override
    public C snapshotState(long checkpointId) throws Exception {
        return enumerator.snapshotState(checkpointId);
    }

    @Override
    public void notifyCheckpointComplete(long checkpointId) throws Exception {
        enumerator.notifyCheckpointComplete(checkpointId);
    }

    @Override
    public void notifyCheckpointAborted(long checkpointId) throws Exception {
        enumerator.notifyCheckpointAborted(checkpointId);
    }

    @Override
    public void handleSourceEvent(int subtaskId, SourceEvent event) {
        enumerator.handleSourceEvent(subtaskId, event);
    }

    @Override
    public void close() throws IOException {
        enumerator.close();
    }
}
