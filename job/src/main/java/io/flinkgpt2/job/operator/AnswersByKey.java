package io.flinkgpt2.job.operator;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;

/**
 * The answers of a {@link RequestKey} in the order of its requests. Several requests of a key are computed at the same time;
 * an answer that is there before one in front of it in its key is held back.
 *
 * <p>Everything is keyed state, a list in order for each key, and goes with its key group when the job is rescaled, held-back
 * answers as they are. It is written when a snapshot is taken; between two snapshots it is out of date.
 */
final class AnswersByKey implements AnswerOrder {

    private final AbstractStreamOperator<?> operator;
    private final Consumer<RequestInFlight> emitter;
    private final ListStateDescriptor<RequestInFlight> descriptor =
            new ListStateDescriptor<>("requests-by-key", TypeInformation.of(RequestInFlight.class));
    /** For each key with requests those that were not emitted, in the order in which they came. */
    private final Map<String, ArrayDeque<RequestInFlight>> queues = new HashMap<>();

    private Set<String> keysInState = new HashSet<>();
    private ListState<RequestInFlight> state;
    private int heldBack;
    private int snapshotCount;

    AnswersByKey(AbstractStreamOperator<?> operator, Consumer<RequestInFlight> emitter) {
        this.operator = operator;
        this.emitter = emitter;
    }

    @Override
    public void initialize(StateInitializationContext context) {
        state = context.getKeyedStateStore().getListState(descriptor);
    }

    @Override
    public List<RequestInFlight> restore() throws Exception {
        List<RequestInFlight> restored = new ArrayList<>();
        KeyedStateBackend<String> backend = operator.getKeyedStateBackend();
        backend.applyToAllKeys(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, descriptor, (key, ofKey) -> {
            keysInState.add(key);
            for (RequestInFlight inFlight : ofKey.get()) {
                RequestInFlight request = RequestInFlight.restored(inFlight);
                arrived(request);
                heldBack += request.isAnswered() ? 1 : 0;
                restored.add(request);
            }
        });
        return restored;
    }

    @Override
    public void arrived(RequestInFlight request) {
        queues.computeIfAbsent(keyOf(request), key -> new ArrayDeque<>()).add(request);
    }

    private static String keyOf(RequestInFlight request) {
        return RequestKey.OF.getKey(request.request);
    }

    @Override
    public void answered(RequestInFlight request) {
        heldBack++;
        emitFirst(keyOf(request));
    }

    @Override
    public void refused(RequestInFlight request) {
        String key = keyOf(request);
        queues.get(key).remove(request);
        emitFirst(key);
    }

    /** Emits the answers of a key that have nothing in front of them. */
    private void emitFirst(String key) {
        ArrayDeque<RequestInFlight> queue = queues.get(key);
        while (!queue.isEmpty() && queue.element().isAnswered()) {
            heldBack--;
            emitter.accept(queue.remove());
        }
        if (queue.isEmpty()) {
            queues.remove(key);
        }
    }

    @Override
    public int heldBackCount() {
        return heldBack;
    }

    @Override
    public void snapshot(List<RequestInFlight> inFlight) throws Exception {
        for (String key : keysInState) {
            if (!queues.containsKey(key)) {
                operator.setCurrentKey(key);
                state.clear();
            }
        }
        snapshotCount = 0;
        for (Map.Entry<String, ArrayDeque<RequestInFlight>> entry : queues.entrySet()) {
            operator.setCurrentKey(entry.getKey());
            state.update(entry.getValue().stream().map(RequestInFlight::toState).toList());
            snapshotCount += entry.getValue().size();
        }
        keysInState = new HashSet<>(queues.keySet());
    }

    @Override
    public int snapshotCount() {
        return snapshotCount;
    }
}
