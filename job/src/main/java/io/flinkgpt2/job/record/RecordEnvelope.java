package io.flinkgpt2.job.record;

/** The answers that are written in an envelope, as the Batch API's output files have them. */
public enum RecordEnvelope {
    /** Those to requests that came in one. */
    AS_SENT("as-sent"),
    /** None. */
    NEVER("never"),
    /** All. */
    ALWAYS("always");

    private final String optionValue;

    RecordEnvelope(String optionValue) {
        this.optionValue = optionValue;
    }

    boolean isFor(PromptRequest request) {
        return this == ALWAYS || (this == AS_SENT && request.envelope);
    }

    /** Returns the value of the option; Flink compares it. */
    @Override
    public String toString() {
        return optionValue;
    }
}
