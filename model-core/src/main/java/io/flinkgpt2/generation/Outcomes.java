package io.flinkgpt2.generation;

import io.flinkgpt2.tokenizer.Tokenizer;
import java.util.ArrayDeque;

/** The requests of a {@link ContinuousBatch} that have ended and were not polled. */
final class Outcomes {

    private final Tokenizer tokenizer;
    private final ArrayDeque<RequestGroup> queue = new ArrayDeque<>();

    Outcomes(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /** Ends a sequence with what it has; it fails if that has no text. */
    void complete(Sequence sequence, long now) {
        int[] generated = sequence.generatedTokenIds();
        try {
            // Special tokens are left out, and an id without a token has no text.
            String text = sequence.text(tokenizer.decode(true, generated));
            sequence.complete(generated, text, now);
        } catch (RuntimeException e) {
            sequence.fail(e);
        }
        ended(sequence);
    }

    void fail(Sequence sequence, RuntimeException cause) {
        sequence.fail(cause);
        ended(sequence);
    }

    private void ended(Sequence sequence) {
        if (sequence.group().hasEnded()) {
            queue.add(sequence.group());
        }
    }

    /** Returns the next request in the order in which they ended, or null. */
    RequestGroup poll() {
        return queue.poll();
    }
}
