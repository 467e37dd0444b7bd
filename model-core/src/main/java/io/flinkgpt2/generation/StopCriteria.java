package io.flinkgpt2.generation;

/**
 * A condition that ends a sequence. Each sequence has its own, built from its parameters by {@link SequenceFeatures}.
 *
 * <p>Its state must be a function of the tokens so far: a sequence that is restored hands it those again, one by one.
 */
interface StopCriteria {

    /** Returns how the sequence ends before its first token; null if it goes on. */
    default Stop atStart(Sequence sequence) {
        return null;
    }

    /** Returns how the sequence ends at a token that was chosen, before it is part of it; null if it goes on. */
    default Stop before(int tokenId) {
        return null;
    }

    /** Returns how the sequence ends with the tokens that it has, the last of them new; null if it goes on. */
    default Stop after(Sequence sequence) {
        return null;
    }

    /**
     * Returns an end that was found earlier and held back, for another one might have taken its place; null if there is none.
     * Asked once, when the sequence ends for any reason.
     */
    default Stop settle(Sequence sequence) {
        return null;
    }

    /** Returns a copy for another sequence with the same tokens so far. */
    StopCriteria fork();
}
