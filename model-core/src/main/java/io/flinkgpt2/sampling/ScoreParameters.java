package io.flinkgpt2.sampling;

/**
 * The log-probabilities that a request asks for: the model's, before anything changes its logits.
 *
 * @param generated number of best tokens to tell at each generated position, beside the chosen one; 0..{@value
 *     #MAX_ALTERNATIVES}, or {@value #NONE}: no log-probabilities
 * @param prompt the same at each position of the prompt but the first
 * @param labelIds tokens to score at each generated position in place of the best ones, at most {@value #MAX_LABELS}; empty:
 *     none
 * @param echo whether the scores of generated positions are wanted of the prompt's too
 */
@SuppressWarnings("ArrayRecordComponent") // never compared or hashed
public record ScoreParameters(int generated, int prompt, int[] labelIds, boolean echo) {

    /** No log-probabilities. */
    public static final int NONE = -1;

    /** Maximum number of best tokens of a position. */
    public static final int MAX_ALTERNATIVES = 20;

    /** Maximum number of labels. */
    public static final int MAX_LABELS = 128;

    /** No log-probabilities at all. */
    public static final ScoreParameters OFF = new ScoreParameters(NONE, NONE, new int[0], false);

    /** @throws IllegalArgumentException if a parameter is out of its range; names it as the records do */
    public ScoreParameters {
        requireAlternatives("logprobs", generated);
        requireAlternatives("prompt_logprobs", prompt);
        if (labelIds.length > MAX_LABELS) {
            throw new IllegalArgumentException(
                    "logprob_token_ids: found " + labelIds.length + " ids, expected at most " + MAX_LABELS);
        }
        if (labelIds.length > 0 && generated == NONE) {
            throw new IllegalArgumentException(
                    "logprob_token_ids: found ids without logprobs, expected logprobs too; set logprobs to 0");
        }
    }

    private static void requireAlternatives(String name, int value) {
        if (value < NONE || value > MAX_ALTERNATIVES) {
            throw new IllegalArgumentException(name + ": found " + value + ", expected 0.." + MAX_ALTERNATIVES);
        }
    }

    /** Returns whether generated tokens are scored. */
    public boolean wantsGenerated() {
        return generated != NONE;
    }

    /** Returns whether tokens of the prompt are scored. */
    public boolean wantsPrompt() {
        return prompt != NONE || (echo && wantsGenerated());
    }

    /** Returns the number of best tokens at each generated position. */
    public int generatedAlternatives() {
        return labelIds.length > 0 ? 0 : Math.max(0, generated);
    }

    /** Returns the number of best tokens at each position of the prompt. */
    public int promptAlternatives() {
        return Math.max(Math.max(0, prompt), echo ? generatedAlternatives() : 0);
    }

    /** Returns the labels at each position of the prompt. */
    public int[] promptLabelIds() {
        return echo ? labelIds : new int[0];
    }
}
