package io.flinkgpt2.job.operator;

import io.flinkgpt2.job.record.CompletionRecord;
import io.flinkgpt2.job.record.PromptRequest;

/**
 * What the state holds of a request whose answer was not emitted: all that it takes to go on with it elsewhere. The KV cache
 * is derived from it, and the position in the random stream is the number of generated tokens.
 */
public class RequestInFlight {
    /** The request as it came. */
    public PromptRequest request;

    /** Token ids generated so far, without end of text; empty for one that has not begun, or has its answer. */
    public int[] generatedTokenIds;

    /** Its answer, if that is held back for those before it in its key; else null. */
    public CompletionRecord answer;

    public RequestInFlight() {}

    RequestInFlight(PromptRequest request, int[] generatedTokenIds, CompletionRecord answer) {
        this.request = request;
        this.generatedTokenIds = generatedTokenIds;
        this.answer = answer;
    }
}
