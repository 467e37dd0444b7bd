package io.flinkgpt2.generation;

/** Why a generation ended. */
public enum FinishReason {
    /** At the end-of-text id, at an id or text that the request names, or where its constraint lets nothing follow. */
    STOP,
    /** At {@code max_tokens} or {@code max_context}. */
    LENGTH,
    /** It repeats itself. */
    REPETITION,
    /** The request's time is over. */
    TIMEOUT,
    /** Cancelled by the caller. */
    CANCELLED
}
