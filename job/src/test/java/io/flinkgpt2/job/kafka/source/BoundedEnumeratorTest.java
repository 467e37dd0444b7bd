package io.flinkgpt2.job.kafka.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import org.apache.flink.api.connector.source.ReaderInfo;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.connector.source.SplitsAssignment;
import org.apache.flink.metrics.groups.SplitEnumeratorMetricGroup;
import org.junit.jupiter.api.Test;

class BoundedEnumeratorTest {

    private final Coordinator coordinator = new Coordinator();

    @Test
    void readersAreToldThatNoMoreWillComeThoughTheDiscoveryFindsNothingNew() {
        BoundedEnumerator<Split, String> enumerator = started(List.of());
        coordinator.register(enumerator, 0);
        coordinator.register(enumerator, 1);
        assertThat(coordinator.sent).isEmpty();

        coordinator.answerNext();

        assertThat(coordinator.sent).containsExactly("end 0", "end 1");
    }

    @Test
    void aReaderThatRegistersAfterTheDiscoveryIsToldAtOnce() {
        BoundedEnumerator<Split, String> enumerator = started(List.of());
        coordinator.answerNext();
        assertThat(coordinator.sent).isEmpty();

        coordinator.register(enumerator, 0);

        assertThat(coordinator.sent).containsExactly("end 0");
    }

    @Test
    void whatIsFoundIsAssignedBeforeItsReaderIsTold() {
        BoundedEnumerator<Split, String> enumerator = started(List.of(new Split("a", 0), new Split("b", 1)));
        coordinator.register(enumerator, 0);
        coordinator.answerNext();
        assertThat(coordinator.sent).as("the second call is under way").isEmpty();
        coordinator.answerNext();
        assertThat(coordinator.sent).containsExactly("a to 0", "end 0");

        coordinator.register(enumerator, 1);

        assertThat(coordinator.sent).containsExactly("a to 0", "end 0", "b to 1", "end 1");
    }

    @Test
    void aReaderThatFailedGetsItsSplitsBackAndIsToldAgain() {
        BoundedEnumerator<Split, String> enumerator = started(List.of(new Split("a", 0)));
        coordinator.register(enumerator, 0);
        coordinator.answerNext();
        coordinator.answerNext();
        coordinator.sent.clear();

        coordinator.readers.remove(0);
        enumerator.addSplitsBack(List.of(new Split("a", 0)), 0);
        assertThat(coordinator.sent).isEmpty();
        coordinator.register(enumerator, 0);

        assertThat(coordinator.sent).containsExactly("a to 0", "end 0");
    }

    @Test
    void aDiscoveryThatFailsEndsNothing() {
        BoundedEnumerator<Split, String> enumerator = started(null);
        coordinator.register(enumerator, 0);

        assertThatThrownBy(coordinator::answerNext).hasMessage("the discovery failed");
        coordinator.register(enumerator, 1);

        assertThat(coordinator.sent).isEmpty();
    }

    @Test
    void callsOfLaterDoNotTellReadersTwice() {
        WatchedContext<Split> watched = new WatchedContext<>(coordinator);
        BoundedEnumerator<Split, String> enumerator =
                new BoundedEnumerator<>(new Discovery(watched, List.of()), watched);
        enumerator.start();
        coordinator.register(enumerator, 0);
        coordinator.answerNext();
        watched.callAsync(() -> "something else", (answer, failure) -> {});
        coordinator.answerNext();

        assertThat(coordinator.sent).containsExactly("end 0");
    }

    @Test
    void aDiscoveryThatIsRepeatedHasNoEnd() {
        WatchedContext<Split> watched = new WatchedContext<>(coordinator);
        BoundedEnumerator<Split, String> enumerator =
                new BoundedEnumerator<>(new Discovery(watched, List.of()), watched);
        watched.callAsync(() -> "partitions", (answer, failure) -> {}, 0, 1_000);
        enumerator.start();
        coordinator.register(enumerator, 0);
        coordinator.answerNext();
        coordinator.answerNext();

        assertThat(coordinator.sent).isEmpty();
    }

    private BoundedEnumerator<Split, String> started(List<Split> found) {
        WatchedContext<Split> watched = new WatchedContext<>(coordinator);
        BoundedEnumerator<Split, String> enumerator = new BoundedEnumerator<>(new Discovery(watched, found), watched);
        enumerator.start();
        return enumerator;
    }

    private record Split(String splitId, int owner) implements SourceSplit {}

    /** Discovers as Kafka's enumerator does: a call for what there is, and only for what is new a second one. */
    private static final class Discovery implements SplitEnumerator<Split, String> {

        private final SplitEnumeratorContext<Split> context;
        private final List<Split> found;
        private final List<Split> pending = new ArrayList<>();

        /** @param found null for a discovery that fails */
        private Discovery(SplitEnumeratorContext<Split> context, List<Split> found) {
            this.context = context;
            this.found = found;
        }

        @Override
        public void start() {
            context.callAsync(() -> found, (all, failure) -> {
                if (all == null) {
                    throw new IllegalStateException("the discovery failed");
                }
                if (!all.isEmpty()) {
                    context.callAsync(() -> all, (initialized, failed) -> {
                        pending.addAll(initialized);
                        context.registeredReaders().keySet().forEach(this::assign);
                    });
                }
            });
        }

        private void assign(int reader) {
            pending.stream()
                    .filter(split -> split.owner == reader)
                    .forEach(split -> context.assignSplit(split, reader));
            pending.removeIf(split -> split.owner == reader);
        }

        @Override
        public void addReader(int reader) {
            assign(reader);
        }

        @Override
        public void addSplitsBack(List<Split> splits, int reader) {
            pending.addAll(splits);
        }

        @Override
        public void handleSplitRequest(int reader, String host) {}

        @Override
        public String snapshotState(long checkpointId) {
            return "";
        }

        @Override
        public void close() {}
    }

    /** A coordinator whose calls are answered one by one, when the test says so. */
    private static final class Coordinator implements SplitEnumeratorContext<Split> {

        private final Queue<Runnable> answers = new ArrayDeque<>();
        private final Map<Integer, ReaderInfo> readers = new HashMap<>();
        /** What readers were sent, in order. */
        private final List<String> sent = new ArrayList<>();

        private void answerNext() {
            answers.remove().run();
        }

        private void register(BoundedEnumerator<Split, String> enumerator, int reader) {
            readers.put(reader, new ReaderInfo(reader, "localhost"));
            enumerator.addReader(reader);
        }

        @Override
        public <T> void callAsync(Callable<T> callable, BiConsumer<T, Throwable> handler) {
            answers.add(() -> {
                try {
                    handler.accept(callable.call(), null);
                } catch (RuntimeException e) {
                    throw e;
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            });
        }

        @Override
        public <T> void callAsync(
                Callable<T> callable, BiConsumer<T, Throwable> handler, long initialDelay, long period) {
            callAsync(callable, handler);
        }

        @Override
        public void assignSplits(SplitsAssignment<Split> assignment) {
            assignment
                    .assignment()
                    .forEach((reader, splits) -> splits.forEach(split -> {
                        assertThat(readers).containsKey(reader);
                        assertThat(sent).doesNotContain("end " + reader);
                        sent.add(split.splitId() + " to " + reader);
                    }));
        }

        @Override
        public void signalNoMoreSplits(int reader) {
            assertThat(readers).containsKey(reader);
            sent.add("end " + reader);
        }

        @Override
        public Map<Integer, ReaderInfo> registeredReaders() {
            return readers;
        }

        @Override
        public int currentParallelism() {
            return 2;
        }

        @Override
        public SplitEnumeratorMetricGroup metricGroup() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void sendEventToSourceReader(int reader, SourceEvent event) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void runInCoordinatorThread(Runnable action) {
            action.run();
        }
    }
}
