package io.flinkgpt2.job.operator;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.runtime.state.StateInitializationContext;

/** No order: nothing is held back, and with another parallelism the requests are dealt out anew. */
final class AnswersAsTheyEnd implements AnswerOrder {

    private final Consumer<RequestInFlight> emitter;

    private ListState<RequestInFlight> state;
    private int snapshotCount;

    AnswersAsTheyEnd(Consumer<RequestInFlight> emitter) {
        this.emitter = emitter;
    }

    @Override
    public void initialize(StateInitializationContext context) throws Exception {
        state = context.getOperatorStateStore()
                .getListState(
                        new ListStateDescriptor<>("requests-in-flight", TypeInformation.of(RequestInFlight.class)));
    }

    @Override
    public List<RequestInFlight> restore() throws Exception {
        List<RequestInFlight> restored = new ArrayList<>();
        state.get().forEach(request -> restored.add(RequestInFlight.restored(request)));
        return restored;
    }

    @Override
    public void arrived(RequestInFlight request) {}

    @Override
    public void answered(RequestInFlight request) {
        emitter.accept(request);
    }

    @Override
    public void refused(RequestInFlight request) {}

    @Override
    public int heldBackCount() {
        return 0;
    }

    @Override
    public void snapshot(List<RequestInFlight> inFlight) throws Exception {
        state.update(inFlight.stream().map(RequestInFlight::toState).toList());
        snapshotCount = inFlight.size();
    }

    @Override
    public int snapshotCount() {
        return snapshotCount;
    }
}
