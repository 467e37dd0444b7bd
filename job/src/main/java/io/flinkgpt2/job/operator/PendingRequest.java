package io.flinkgpt2.job.operator;

import io.flinkgpt2.generation.InFlight;
import io.flinkgpt2.job.record.CompletionRecord;
import io.flinkgpt2.job.record.PromptRequest;

/** A request whose answer was not emitted. */
final class PendingRequest {

    private static final int[] NONE_GENERATED = {};

    private final long start = System.currentTimeMillis();
    private final boolean hadBegun;

    private String identity;
    private PromptRequest request;
    /** Tokens it came with out of the state, which it goes on after. */
    private int[] restoredTokenIds;

    private InFlight inFlight;
    private CompletionRecord answer;

    /**
     * A new one.
     *
     * @param identity of the generation that it was parsed for
     */
    PendingRequest(PromptRequest request, String identity) {
        this.request = request;
        this.identity = identity;
        this.restoredTokenIds = NONE_GENERATED;
        this.hadBegun = false;
    }

    /**
     * One out of the state.
     *
     * @throws IllegalStateException if its version cannot be read
     */
    PendingRequest(RequestInFlight restored) {
        restored.requireReadable();
        this.request = restored.request;
        this.identity = restored.identity;
        this.restoredTokenIds = restored.generatedTokenIds;
        this.hadBegun = restoredTokenIds.length > 0;
        this.answer = restored.answer;
    }

    /** The identity of the generation that its tokens belong to. */
    String identity() {
        return identity;
    }

    /** Forgets what was made of it under another identity. */
    void startAgain(PromptRequest parsedAnew, String newIdentity) {
        parsedAnew.value = request.value;
        request = parsedAnew;
        identity = newIdentity;
        restoredTokenIds = NONE_GENERATED;
    }

    PromptRequest request() {
        return request;
    }

    /** When it came to this batch, in milliseconds since the epoch. */
    long start() {
        return start;
    }

    /** Whether it came out of the state with generated tokens. */
    boolean hadBegun() {
        return hadBegun;
    }

    int[] restoredTokenIds() {
        return restoredTokenIds;
    }

    /** Bytes that are kept of what was received, to start it again. */
    int receivedBytes() {
        return request.value == null ? 0 : request.value.length;
    }

    /** It is the batch's now. */
    void submitted(InFlight handle) {
        inFlight = handle;
    }

    /** It has its answer, and will not start again. */
    void answered(CompletionRecord record) {
        answer = record;
        inFlight = null;
        request.value = null;
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
        return new RequestInFlight(identity, request, generated, answer);
    }
}
