package io.flinkgpt2.generation;

import io.flinkgpt2.constraint.Constraint;
import io.flinkgpt2.sampling.LogitsProcessor;

/**
 * Lets a sequence go on only with tokens that lead to a text which matches its constraint, and end only where the text matches.
 */
final class ConstraintProcessor implements LogitsProcessor {

    private final Constraint constraint;
    private final int[] endingIds;
    /** Logits of those, while the others are masked. */
    private final float[] endingLogits;

    private int state;

    /** @param endingIds ids that end the sequence, whatever their text is */
    ConstraintProcessor(Constraint constraint, int[] endingIds) {
        this(constraint, endingIds, constraint.start());
    }

    private ConstraintProcessor(Constraint constraint, int[] endingIds, int state) {
        this.constraint = constraint;
        this.endingIds = endingIds;
        this.endingLogits = new float[endingIds.length];
        this.state = state;
    }

    @Override
    public void apply(float[] logits, int offset, int vocabularySize) {
        boolean matches = constraint.isAccepting(state);
        for (int i = 0; i < endingIds.length; i++) {
            endingLogits[i] = matches ? logits[offset + endingIds[i]] : Float.NEGATIVE_INFINITY;
        }
        constraint.mask(logits, offset, vocabularySize, state);
        for (int i = 0; i < endingIds.length; i++) {
            logits[offset + endingIds[i]] = endingLogits[i];
        }
    }

    @Override
    public void accept(int tokenId) {
        int next = constraint.next(state, tokenId);
        if (next == Constraint.NO_STATE) {
            throw new IllegalStateException("token " + tokenId
                    + " does not continue a text that matches the request's constraint, expected one that does");
        }
        state = next;
    }

    /** Returns whether the text matches and nothing may follow. */
    boolean isComplete() {
        return constraint.isAccepting(state) && !constraint.canContinue(state);
    }

    @Override
    public LogitsProcessor fork() {
        return new ConstraintProcessor(constraint, endingIds, state);
    }

    /** Ends a sequence whose text matches its constraint and cannot go on. */
    static final class End implements StopCriteria {

        @Override
        public Stop atStart(Sequence sequence) {
            return after(sequence);
        }

        @Override
        public Stop after(Sequence sequence) {
            for (LogitsProcessor processor : sequence.processors()) {
                if (processor instanceof ConstraintProcessor own && own.isComplete()) {
                    return Stop.of(StopReason.CONSTRAINT);
                }
            }
            return null;
        }

        /** Returns this criterion, which has no state of its own. */
        @Override
        public StopCriteria fork() {
            return this;
        }
    }
}
