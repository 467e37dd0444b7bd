package io.flinkgpt2.validation;

/** The outcome of a check. */
public enum Outcome {
    PASSED,
    FAILED,
    /** Nothing was compared; the check's detail says why. */
    NOT_RUN
}
