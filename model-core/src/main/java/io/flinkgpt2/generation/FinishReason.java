package io.flinkgpt2.generation;

/** Why a generation ended. */
public enum FinishReason {
    /** At the end-of-text id. */
    STOP,
    /** At {@code max_tokens} or {@code max_context}. */
    LENGTH,
    /** Cancelled by the caller. */
    CANCELLED
}
