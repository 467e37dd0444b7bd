package io.flinkgpt2.generation;

/** Which limit or condition ended a generation. */
public enum StopReason {
    END_OF_TEXT(FinishReason.STOP),
    /** An id that the request names. */
    STOP_TOKEN(FinishReason.STOP),
    /** A text that the request names. */
    STOP_STRING(FinishReason.STOP),
    /** The text matches the request's constraint, and nothing may follow. */
    CONSTRAINT(FinishReason.STOP),
    MAX_TOKENS(FinishReason.LENGTH),
    MAX_CONTEXT(FinishReason.LENGTH),
    /** A pattern of tokens stands at the end too often. */
    REPETITION(FinishReason.REPETITION),
    /** The request's time is over. */
    TIMEOUT(FinishReason.TIMEOUT),
    CANCELLED(FinishReason.CANCELLED);

    private final FinishReason finishReason;

    StopReason(FinishReason finishReason) {
        this.finishReason = finishReason;
    }

    /** Returns the coarser reason of the records. */
    public FinishReason finishReason() {
        return finishReason;
    }
}
