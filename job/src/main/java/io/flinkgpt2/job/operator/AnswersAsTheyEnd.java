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

    private final Consumer<PendingRequest> emitter;

    private ListState<RequestInFlight> state;
    private int snapshotCount;

    AnswersAsTheyEnd(Consumer<PendingRequest> emitter) {
        this.emitter = emitter;
    }

    @Override
    public void initialize(StateInitializationContext context) throws Exception {
        state = context.getOperatorStateStore()
                .getListState(
                        new ListStateDescriptor<>("requests-in-flight", TypeInformation.of(RequestInFlight.class)));
    }

    @Override
    public List<PendingRequest> restore() throws Exception {
        List<PendingRequest> restored = new ArrayList<>();
        state.get().forEach(request -> restored.add(new PendingRequest(request)));
        return restored;
    }

    @Override
    public void arrived(PendingRequest request) {}

    @Override
    public void answered(PendingRequest request) {
        emitter.accept(request);
    }

    @Override
    public void refused(PendingRequest request) {}

    @Override
    public int heldBackCount() {
        return 0;
    }

    @Override
    public void snapshot(List<PendingRequest> inFlight) throws Exception {
        state.update(inFlight.stream().map(PendingRequest::toState).toList());
        snapshotCount = inFlight.size();
    }

    @Override
    public int snapshotCount() {
        return snapshotCount;
    }
}
