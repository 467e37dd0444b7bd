package io.flinkgpt2.generation;

import io.flinkgpt2.tokenizer.Tokenizer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** The requests of a {@link ContinuousBatch} that have ended and were not polled. */
final class Outcomes {

    private final Tokenizer tokenizer;
    private final ArrayDeque<RequestGroup> queue = new ArrayDeque<>();

    Outcomes(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /** Ends a sequence with what it has; it fails if that has no text. */
    void complete(Sequence sequence, long now) {
        try {
            completion(sequence, now);
        } catch (RuntimeException e) {
            sequence.fail(e);
        }
        ended(sequence.group());
    }

    /** Ends a beam search with its best hypotheses. */
    void complete(BeamSearch search, long now) {
        List<Sequence> best = search.best();
        try {
            List<Completion> completions = new ArrayList<>();
            for (Sequence sequence : best) {
                completions.add(completion(sequence, now).withChoice(completions.size()));
            }
            search.complete(completions);
        } catch (RuntimeException e) {
            search.fail(e);
        }
        ended(search.group());
    }

    private Completion completion(Sequence sequence, long now) {
        int[] generated = sequence.generatedTokenIds();
        // An id without a token has no text.
        String text = tokenizer.decode(sequence.parameters().skipSpecialTokens(), generated);
        return sequence.complete(generated, text, now);
    }

    void fail(Sequence sequence, RuntimeException cause) {
        if (sequence.search == null) {
            sequence.fail(cause);
        } else {
            sequence.search.fail(cause);
        }
        ended(sequence.group());
    }

    private void ended(RequestGroup group) {
        if (group.hasEnded()) {
            queue.add(group);
        }
    }

    /** Returns the next request in the order in which they ended, or null. */
    RequestGroup poll() {
        return queue.poll();
    }
}
