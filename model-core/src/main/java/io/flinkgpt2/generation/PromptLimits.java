package io.flinkgpt2.generation;

import io.flinkgpt2.model.Gpt2Config;

/** What a prompt must keep to before anything is computed from it. */
public final class PromptLimits {

    private final Gpt2Config config;
    private final int maxContext;

    /** @param maxContext the run's limit of prompt and completion together, 1..{@code n_positions} */
    public PromptLimits(Gpt2Config config, int maxContext) {
        if (maxContext < 1 || maxContext > config.contextLength()) {
            throw new IllegalArgumentException("max-context: found " + maxContext + ", expected 1.."
                    + config.contextLength() + ", the n_positions of the model");
        }
        this.config = config;
        this.maxContext = maxContext;
    }

    public int maxContext() {
        return maxContext;
    }

    /**
     * The prompt as the model sees it: an empty one becomes end of text.
     *
     * @throws IllegalArgumentException if an id lies outside of the vocabulary, if the prompt leaves no room for a token,
     *     (then a {@link PromptTooLongException}), or if it is empty and the model has no end of text; a sentence that
     *     says what is allowed
     */
    public int[] admit(int[] promptTokenIds, int maxTokens) {
        for (int i = 0; i < promptTokenIds.length; i++) {
            if (promptTokenIds[i] < 0 || promptTokenIds[i] >= config.vocabularySize()) {
                throw new IllegalArgumentException("token id at index " + i + ": found " + promptTokenIds[i]
                        + ", expected 0.." + (config.vocabularySize() - 1) + " (the model's vocabulary)");
            }
        }
        if (promptTokenIds.length == 0) {
            int endOfText = config.endOfTextId()
                    .orElseThrow(
                            () -> new IllegalArgumentException(
                                    "the prompt is empty, and this model has no end-of-text token to begin from; give at least one token"));
            return admit(new int[] {endOfText}, maxTokens);
        }
        int longest = maxTokens == 0 ? maxContext : maxContext - 1;
        if (promptTokenIds.length > longest) {
            throw new PromptTooLongException(promptTokenIds.length, longest, maxContext, config.contextLength());
        }
        return promptTokenIds;
    }
}
