package io.flinkgpt2.generation;

import io.flinkgpt2.tokenizer.Tokenizer;
import java.util.ArrayDeque;

/** The requests of a {@link ContinuousBatch} that have ended and were not polled. */
final class Outcomes {

    private final Tokenizer tokenizer;
    private final ArrayDeque<BatchOutcome> queue = new ArrayDeque<>();

    Outcomes(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /** Ends a request with what it has; it fails if that has no text. */
    void complete(InFlight inFlight, long now) {
        BatchOutcome outcome;
        try {
            String text = CompletionText.of(tokenizer, inFlight.generatedTokenIds());
            outcome = new BatchOutcome.Completed(inFlight, inFlight.completion(text, now));
        } catch (RuntimeException e) {
            outcome = new BatchOutcome.Failed(inFlight, e);
        }
        inFlight.ended();
        queue.add(outcome);
    }

    void fail(InFlight inFlight, RuntimeException cause) {
        inFlight.ended();
        queue.add(new BatchOutcome.Failed(inFlight, cause));
    }

    /** The next one in the order in which they ended, or null. */
    BatchOutcome poll() {
        return queue.poll();
    }
}
