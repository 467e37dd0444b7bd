package io.flinkgpt2.generation;

/** Which limit or condition ended a generation. */
public enum StopReason {
    END_OF_TEXT(FinishReason.STOP),
    MAX_TOKENS(FinishReason.LENGTH),
    MAX_CONTEXT(FinishReason.LENGTH),
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
