package io.flinkgpt2.sampling;

/**
 * A change of one sequence's logits before its next token is chosen, such as a penalty or a constraint. Sequences whose
 * parameters ask for none have none.
 *
 * <p>Its state must be a function of the tokens so far: a sequence that is restored hands it those again, one by one, and goes
 * on with the same bits.
 */
public interface LogitsProcessor {

    /**
     * Changes the logits of the next token in place. A token at negative infinity is never chosen.
     *
     * @param logits {@code vocab_size} floats from {@code offset}
     */
    void apply(float[] logits, int offset, int vocabularySize);

    /** Takes the token that the sequence went on with. */
    void accept(int tokenId);

    /** Returns a copy for another sequence with the same tokens so far. */
    LogitsProcessor fork();
}
