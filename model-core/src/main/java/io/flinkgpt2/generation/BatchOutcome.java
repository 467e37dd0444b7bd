package io.flinkgpt2.generation;

/** How a request of a {@link ContinuousBatch} ended. */
public sealed interface BatchOutcome {

    /** Whose end it is. */
    InFlight inFlight();

    /** It was completed, or cancelled on the way, and then the completion holds what there was. */
    record Completed(InFlight inFlight, Completion completion) implements BatchOutcome {}

    /** It failed, alone. */
    record Failed(InFlight inFlight, RuntimeException cause) implements BatchOutcome {}
}
