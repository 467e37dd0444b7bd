package io.flinkgpt2.job.operator;

import java.util.List;
import java.util.function.Consumer;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;

/** The order in which answers are emitted, and the state layout that it needs. */
interface AnswerOrder {

    /** @param operator whose keyed state it may use, if there is any */
    static AnswerOrder of(Ordering ordering, AbstractStreamOperator<?> operator, Consumer<RequestInFlight> emitter) {
        return switch (ordering) {
            case NONE -> new AnswersAsTheyEnd(emitter);
            case KEY -> new AnswersByKey(operator, emitter);
        };
    }

    /** Finds the state. */
    void initialize(StateInitializationContext context) throws Exception;

    /** Takes all requests out of the state; no other way in for them. Once, when keyed state can be read. */
    List<RequestInFlight> restore() throws Exception;

    /** A request came, and will be answered. */
    void arrived(RequestInFlight request);

    /** It has its answer, which is emitted now or held back. */
    void answered(RequestInFlight request);

    /** It became a dead letter, which takes no part in the order: nothing waits for it any more. */
    void refused(RequestInFlight request);

    /** Answers that are held back. */
    int heldBackCount();

    /**
     * Writes the state.
     *
     * @param inFlight all requests without an answer, those that run first, then those that wait in turn
     */
    void snapshot(List<RequestInFlight> inFlight) throws Exception;

    /** Returns the number of requests in the state as {@link #snapshot} last wrote it. */
    int snapshotCount();
}
