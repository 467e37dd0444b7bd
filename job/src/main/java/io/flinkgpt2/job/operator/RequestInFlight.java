package io.flinkgpt2.job.operator;

import io.flinkgpt2.job.function.GenerationSettings;
import io.flinkgpt2.job.record.CompletionRecord;
import io.flinkgpt2.job.record.PromptRequest;

/**
 * The state of a request whose answer was not emitted: all that it takes to go on with it elsewhere, or to start it again. The
 * KV cache is derived from it, and the position in the random stream is the number of generated tokens.
 *
 * <p>Flink stores it field by field with the fields' names. A change of the fields' meaning raises {@link #VERSION}, and
 * {@link #requireReadable} says which versions can be read.
 */
public class RequestInFlight {
    /** Version of what is written. Version 0, before there was a version, lacks identity and the request's value. */
    static final int VERSION = 1;

    /** The version that wrote this. */
    public int version;

    /** {@link GenerationSettings#identity}: under which the prompt's ids and the generated tokens were made. */
    public String identity;

    /** The request, with the value that it was received as unless it has its answer. */
    public PromptRequest request;

    /** Token ids generated so far, without end of text; empty for one that has not begun, or has its answer. */
    public int[] generatedTokenIds;

    /** Its answer, if that is held back for those before it in its key; else null. */
    public CompletionRecord answer;

    public RequestInFlight() {}

    RequestInFlight(String identity, PromptRequest request, int[] generatedTokenIds, CompletionRecord answer) {
        this.version = VERSION;
        this.identity = identity;
        this.request = request;
        this.generatedTokenIds = generatedTokenIds;
        this.answer = answer;
    }

    /** @throws IllegalStateException if another version wrote this, which this one cannot read */
    void requireReadable() {
        if (version != VERSION) {
            throw new IllegalStateException("state of request '" + request.customId + "': found version " + version
                    + ", expected " + VERSION + ". "
                    + (version < VERSION
                            ? "Let the version of the job that wrote it answer what is in flight, and start this one"
                                    + " from a savepoint that holds no requests, or without one"
                            : "Use the version of the job that wrote it, or a later one")
                    + ".");
        }
    }
}
