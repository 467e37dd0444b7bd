package io.flinkgpt2.generation;

import io.flinkgpt2.model.Gpt2Config;

/** The limits that a prompt must keep to before anything is computed from it. */
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

    /** Returns the model's number of token ids. */
    public int vocabularySize() {
        return config.vocabularySize();
    }

    /** Returns the most tokens of a prompt that fits. */
    public int longestPrompt(int maxTokens) {
        return maxTokens == 0 ? maxContext : maxContext - 1;
    }

    /** Returns a prompt to be filled, of any length. */
    public PromptTokens newPrompt() {
        return new PromptTokens(this, maxContext);
    }

    /**
     * Returns the prompt as the model sees it: an empty one becomes end of text; one that does not fit is cut to
     * {@code max(1, max_context - max_tokens)} tokens, if it may be. One that fits is whole, whatever is to be generated.
     *
     * @param prompt from {@link #newPrompt()}
     * @param maxTokens the most tokens to generate, 0 or more
     * @throws IllegalArgumentException as {@link #fit(int[], int)}; a {@link PromptTooLongException} if it may not be cut, or
     *     the context has no room for a prompt of one token
     */
    public FittedPrompt fit(PromptTokens prompt, int maxTokens, PromptTruncation truncation) {
        return fit(prompt, Integer.MAX_VALUE, truncation, truncation != PromptTruncation.ERROR, maxTokens);
    }

    /**
     * As {@link #fit(PromptTokens, int, PromptTruncation)}, of a prompt that is first cut to a length of the request's own.
     *
     * @param atMost number of tokens that it is cut to, 1 or more; then it has to fit
     * @param side end of the prompt that is cut off
     * @param cutToFit whether it is cut again if it does not fit; else it is refused
     */
    public FittedPrompt fit(PromptTokens prompt, int atMost, PromptTruncation side, boolean cutToFit, int maxTokens) {
        int length = Math.min(prompt.length(), atMost);
        int longest = longestPrompt(maxTokens);
        int kept = length > longest ? Math.max(1, maxContext - maxTokens) : length;
        if (length > longest && (!cutToFit || kept > longest)) {
            throw tooLong(length, longest);
        }
        int[] tokenIds = side == PromptTruncation.LEFT ? prompt.last(kept) : prompt.first(kept);
        return new FittedPrompt(fit(tokenIds, maxTokens), prompt.length() - kept);
    }

    /**
     * Returns the prompt as the model sees it: an empty one becomes end of text.
     *
     * @throws IllegalArgumentException if an id lies outside of the vocabulary, if the prompt leaves no room for a token,
     *     (then a {@link PromptTooLongException}), or if it is empty and the model has no end of text; a sentence that
     *     says what is allowed
     */
    public int[] fit(int[] promptTokenIds, int maxTokens) {
        for (int i = 0; i < promptTokenIds.length; i++) {
            requireInVocabulary(i, promptTokenIds[i]);
        }
        if (promptTokenIds.length == 0) {
            int endOfText = config.endOfTextId()
                    .orElseThrow(
                            () -> new IllegalArgumentException(
                                    "the prompt is empty, and this model has no end-of-text token to begin from; give at least one token"));
            return fit(new int[] {endOfText}, maxTokens);
        }
        int longest = longestPrompt(maxTokens);
        if (promptTokenIds.length > longest) {
            throw tooLong(promptTokenIds.length, longest);
        }
        return promptTokenIds;
    }

    void requireInVocabulary(int index, int tokenId) {
        requireInVocabulary("token id", index, tokenId);
    }

    /** @throws IllegalArgumentException if it lies outside of the vocabulary; begins with {@code what} */
    void requireInVocabulary(String what, int index, int tokenId) {
        if (tokenId < 0 || tokenId >= config.vocabularySize()) {
            throw new IllegalArgumentException(what + " at index " + index + ": found " + tokenId + ", expected 0.."
                    + (config.vocabularySize() - 1) + " (the model's vocabulary)");
        }
    }

    private PromptTooLongException tooLong(int length, int longest) {
        return new PromptTooLongException(length, longest, maxContext, config.contextLength());
    }
}
