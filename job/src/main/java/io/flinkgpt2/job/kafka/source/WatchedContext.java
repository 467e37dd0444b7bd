package io.flinkgpt2.job.kafka.source;

import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import org.apache.flink.api.connector.source.ReaderInfo;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.connector.source.SplitsAssignment;
import org.apache.flink.metrics.groups.SplitEnumeratorMetricGroup;

/**
 * A context that knows when the asynchronous calls of its enumerator have all been answered. Calls are made and answered in
 * the coordinator's thread, which alone uses this.
 *
 * @param <S> split
 */
final class WatchedContext<S extends SourceSplit> implements SplitEnumeratorContext<S> {

    private final SplitEnumeratorContext<S> context;
    private Runnable onceIdle = () -> {};
    private int callsUnderWay;
    private boolean wasIdle;

    WatchedContext(SplitEnumeratorContext<S> context) {
        this.context = context;
    }

    /** Runs {@code action} when the first call, and all that were made meanwhile, have been answered; only that once. */
    void onceIdle(Runnable action) {
        onceIdle = action;
    }

    /** Returns whether the first call, and all that were made meanwhile, have been answered. */
    boolean wasIdle() {
        return wasIdle;
    }

    @Override
    public <T> void callAsync(Callable<T> callable, BiConsumer<T, Throwable> handler) {
        callsUnderWay++;
        context.callAsync(callable, (T result, Throwable failure) -> {
            // An answer may make another call; a handler that throws fails the job, which then has no end to be told.
            handler.accept(result, failure);
            callsUnderWay--;
            if (callsUnderWay == 0 && !wasIdle) {
                wasIdle = true;
                onceIdle.run();
            }
        });
    }

    /** A call that is repeated is always under way. */
    @Override
    public <T> void callAsync(
            Callable<T> callable, BiConsumer<T, Throwable> handler, long initialDelayMillis, long periodMillis) {
        callsUnderWay++;
        context.callAsync(callable, handler, initialDelayMillis, periodMillis);
    }

    @Override
    public SplitEnumeratorMetricGroup metricGroup() {
        return context.metricGroup();
    }

    @Override
    public void sendEventToSourceReader(int subtaskId, SourceEvent event) {
        context.sendEventToSourceReader(subtaskId, event);
    }

    @Override
    public void sendEventToSourceReader(int subtaskId, int attemptNumber, SourceEvent event) {
        context.sendEventToSourceReader(subtaskId, attemptNumber, event);
    }

    @Override
    public int currentParallelism() {
        return context.currentParallelism();
    }

    @Override
    public Map<Integer, ReaderInfo> registeredReaders() {
        return context.registeredReaders();
    }

    @Override
    public Map<Integer, Map<Integer, ReaderInfo>> registeredReadersOfAttempts() {
        return context.registeredReadersOfAttempts();
    }

    @Override
    public void assignSplits(SplitsAssignment<S> assignment) {
        context.assignSplits(assignment);
    }

    @Override
    public void assignSplit(S split, int subtaskId) {
        context.assignSplit(split, subtaskId);
    }

    @Override
    public void signalNoMoreSplits(int subtaskId) {
        context.signalNoMoreSplits(subtaskId);
    }

    @Override
    public void runInCoordinatorThread(Runnable action) {
        context.runInCoordinatorThread(action);
    }

    @Override
    public void setIsProcessingBacklog(boolean isProcessingBacklog) {
        context.setIsProcessingBacklog(isProcessingBacklog);
    }
}
