package io.flinkgpt2.job.operator;

import io.flinkgpt2.generation.InFlight;
import io.flinkgpt2.job.record.CompletionRecord;
import io.flinkgpt2.job.record.PromptRequest;

/** A request whose answer was not emitted. */
final class PendingRequest {

    private static final int[] NONE_GENERATED = {};

    private final PromptRequest request;
    private final long start = System.currentTimeMillis();
    /** Tokens it came with out of the state. */
    private final int[] restoredTokenIds;

    private InFlight inFlight;
    private CompletionRecord answer;

    /** A new one. */
    PendingRequest(PromptRequest request) {
        this.request = request;
        this.restoredTokenIds = NONE_GENERATED;
    }

    /** One out of the state. */
    PendingRequest(RequestInFlight restored) {
        this.request = restored.request;
        this.restoredTokenIds = restored.generatedTokenIds;
        this.answer = restored.answer;
    }

    PromptRequest request() {
        return request;
    }

    /** When it came to this batch, in milliseconds since the epoch. */
    long start() {
        return start;
    }

    int[] restoredTokenIds() {
        return restoredTokenIds;
    }

    /** It is the batch's now. */
    void submitted(InFlight handle) {
        inFlight = handle;
    }

    void answered(CompletionRecord record) {
        answer = record;
        inFlight = null;
    }

    boolean isAnswered() {
        return answer != null;
    }

    /** Its answer, or null while it has none. */
    CompletionRecord answer() {
        return answer;
    }

    /** What the state has to hold of it. */
    RequestInFlight toState() {
        int[] generated = inFlight == null ? NONE_GENERATED : inFlight.generatedTokenIds();
        return new RequestInFlight(request, generated, answer);
    }
}
