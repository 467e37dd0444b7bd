package io.flinkgpt2.validation;

/** What became of a check. */
public enum Outcome {
    PASSED,
    FAILED,
    /** Nothing was compared; the check's detail says why. */
    NOT_RUN
}
