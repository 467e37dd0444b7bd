package io.flinkgpt2.job.operator;

/** The state of one choice of a request: what its sampler and its stop criteria are a function of. */
public class ChoiceInFlight {
    /** Token ids generated so far, without end of text; empty if the choice has not begun. */
    public int[] tokenIds;

    /** For Flink, which sets the fields. */
    public ChoiceInFlight() {}

    ChoiceInFlight(int[] tokenIds) {
        this.tokenIds = tokenIds;
    }
}
