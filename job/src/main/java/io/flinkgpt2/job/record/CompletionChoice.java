package io.flinkgpt2.job.record;

/** One generated text. */
public class CompletionChoice {
    /** Index among the choices of the request, from 0. */
    public int index;

    /** The generated text. */
    public String text;

    /** The generated ids without end of text; null: the request did not ask for them. */
    public int[] tokenIds;

    /** {@code stop} or {@code length}. */
    public String finishReason;

    /** For {@code length}, {@code max_tokens} or {@code max_context}; for {@code stop}, null at end of text. */
    public String stopReason;

    public CompletionChoice() {}
}
