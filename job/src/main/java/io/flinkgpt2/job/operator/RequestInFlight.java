package io.flinkgpt2.job.operator;

import io.flinkgpt2.job.record.PromptRequest;

/**
 * What the state holds of a request that has no answer yet: all that it takes to go on with it elsewhere. The KV cache is
 * derived from it, and the position in the random stream is the number of generated tokens.
 */
public class RequestInFlight {
    /** The request as it came. */
    public PromptRequest request;

    /** Token ids generated so far, without end of text; empty for one that has not begun. */
    public int[] generatedTokenIds;

    public RequestInFlight() {}

    public RequestInFlight(PromptRequest request, int[] generatedTokenIds) {
        this.request = request;
        this.generatedTokenIds = generatedTokenIds;
    }
}
