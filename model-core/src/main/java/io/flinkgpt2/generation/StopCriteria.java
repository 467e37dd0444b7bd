package io.flinkgpt2.generation;

/**
 * A condition that ends a sequence. Each sequence has its own, built from its parameters by {@link SequenceFeatures}.
 *
 * <p>Its state must be a function of the tokens so far: a sequence that is restored hands it those again, one by one.
 */
interface StopCriteria {

    /** Returns why the sequence ends at a token that was chosen, which is then not part of it; null if it goes on. */
    default StopReason before(int tokenId) {
        return null;
    }

    /** Returns why the sequence ends with the tokens that it has, the last of them new; null if it goes on. */
    default StopReason after(Sequence sequence) {
        return null;
    }

    /** Returns the text of a sequence that this criterion ended: all of it, unless what it found is to be cut off. */
    default String cut(String text) {
        return text;
    }

    /** Returns a copy for another sequence with the same tokens so far. */
    StopCriteria fork();
}
