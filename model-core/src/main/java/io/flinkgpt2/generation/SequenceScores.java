package io.flinkgpt2.generation;

import io.flinkgpt2.sampling.ScoreParameters;
import io.flinkgpt2.sampling.TokenScores;

/**
 * The log-probabilities of a sequence's tokens: those of its prompt, if it is the one that scores it, and those of generated
 * ones, if they are needed. Tokens that are known already are scored by the pass that computes them (again): it takes no state
 * but the tokens to go on after an interruption.
 */
final class SequenceScores {

    private final Prompt prompt;
    private final boolean scoresPrompt;
    /** Log-probabilities of the generated tokens; null: not needed. */
    private final TokenScores generated;

    private SequenceScores(Prompt prompt, boolean scoresPrompt, TokenScores generated) {
        this.prompt = prompt;
        this.scoresPrompt = scoresPrompt && prompt.scores() != null;
        this.generated = generated;
    }

    /**
     * @param scoresPrompt whether it is up to this sequence to score its prompt, if that is wanted
     * @param mostGenerated maximum number of generated tokens
     */
    static SequenceScores of(
            RequestGroup group, Prompt prompt, boolean scoresPrompt, int mostGenerated, int vocabularySize) {
        ScoreParameters parameters = group.parameters().scores();
        TokenScores generated = group.needsScores()
                ? new TokenScores(
                        mostGenerated,
                        Math.min(vocabularySize, parameters.generatedAlternatives()),
                        parameters.labelIds())
                : null;
        return new SequenceScores(prompt, scoresPrompt, generated);
    }

    /** Returns those of a sequence with the same tokens so far. */
    SequenceScores fork() {
        return new SequenceScores(prompt, false, generated == null ? null : generated.copy());
    }

    /** Returns those of the generated tokens so far; null: not needed. */
    TokenScores generated() {
        return generated;
    }

    /** Returns whether the token at a position is to be scored and is not yet. */
    boolean wants(int position) {
        return position < prompt.length()
                ? scoresPrompt && position > prompt.scores().size()
                : generated != null && position - prompt.length() >= generated.size();
    }

    /** Returns whether any of so many generated tokens, or of the prompt, is still to be scored. */
    boolean wantsAny(int generatedCount) {
        return wantsPrompt() || wantsGenerated(generatedCount);
    }

    private boolean wantsPrompt() {
        return scoresPrompt && !prompt.isScored();
    }

    private boolean wantsGenerated(int generatedCount) {
        return generated != null && generated.size() < generatedCount;
    }

    /** Returns those that the token at a position belongs to. */
    TokenScores of(int position) {
        return position < prompt.length() ? prompt.scores() : generated;
    }

    /** Returns the number of first positions, at most all but the last of {@code length}, whose logits are not needed. */
    int unneededPositions(int length) {
        if (wantsPrompt()) {
            return prompt.scores().size();
        }
        return wantsGenerated(length - prompt.length()) ? prompt.length() - 1 + generated.size() : length - 1;
    }
}
