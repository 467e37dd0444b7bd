package io.flinkgpt2.generation;

/** A prompt that leaves no room for a completion within {@code max_context}. */
public final class PromptTooLongException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    PromptTooLongException(int length, int longest, int maxContext, int contextLength) {
        super("the prompt has " + length + " tokens, expected at most " + longest + " with a max-context of "
                + maxContext + "; shorten it"
                + (maxContext < contextLength
                        ? " or raise max-context, at most to the model's n_positions, " + contextLength
                        : ", for the model sees no more"));
    }

    /** The same about one of several prompts. */
    PromptTooLongException(String name, PromptTooLongException cause) {
        super(name + ": " + cause.getMessage(), cause);
    }
}
