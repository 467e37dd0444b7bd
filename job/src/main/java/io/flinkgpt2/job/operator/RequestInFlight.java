package io.flinkgpt2.job.operator;

import io.flinkgpt2.generation.ContinuousBatch;
import io.flinkgpt2.generation.RequestGroup;
import io.flinkgpt2.job.function.GenerationSettings;
import io.flinkgpt2.job.record.CompletionRecord;
import io.flinkgpt2.job.record.PromptRequest;
import java.util.List;

/**
 * A request whose answer was not emitted. Its public fields are its state: all that it takes to go on with it elsewhere, or to
 * start it again. The KV cache is derived from them, and so is the position in the random stream of each choice.
 *
 * <p>Flink stores the state field by field with the fields' names. A change of the fields' meaning raises {@link #VERSION}, and
 * {@link #requireReadable} says which versions can be read; docs/state.md has the history.
 */
public class RequestInFlight {
    /** Version of what is written. Versions 0 and 1 were never released. */
    public static final int VERSION = 3;

    /** The oldest version that can be read. */
    private static final int OLDEST_VERSION = 2;

    /** The version that wrote this. */
    public int version;

    /** {@link GenerationSettings#identity}: under which the prompt's ids and the generated tokens were made. */
    public String identity;

    /** The request, with the value that it was received as unless it has its answer. */
    public PromptRequest request;

    /** The choices, as they are when a snapshot is taken, in their order; empty for a request that has its answer. */
    public List<ChoiceInFlight> choices = List.of();

    /** Its answer, if that is held back for those before it in its key; else null. */
    public CompletionRecord answer;

    private transient long start;

    /** Start of its timeout, a reading of {@link System#nanoTime}. */
    private transient long takenAt;

    private transient RequestGroup group;

    /** For Flink, which sets the fields. */
    public RequestInFlight() {}

    /**
     * A new request.
     *
     * @param identity the identity of the generation that it was parsed for
     */
    RequestInFlight(PromptRequest request, String identity) {
        this.version = VERSION;
        this.request = request;
        this.identity = identity;
        this.start = System.currentTimeMillis();
        this.takenAt = System.nanoTime();
    }

    /**
     * Returns a request out of the state, as it goes on in this batch.
     *
     * @throws IllegalStateException if its version cannot be read
     */
    static RequestInFlight restored(RequestInFlight state) {
        state.requireReadable();
        RequestInFlight restored = new RequestInFlight(state.request, state.identity);
        restored.choices = state.choices;
        restored.answer = state.answer;
        return restored;
    }

    /** @throws IllegalStateException if another version wrote this, which this one cannot read */
    private void requireReadable() {
        if (version < OLDEST_VERSION || version > VERSION) {
            throw new IllegalStateException("state of request '" + request.customId + "': found version " + version
                    + ", expected " + OLDEST_VERSION + ".." + VERSION + ". "
                    + (version < OLDEST_VERSION
                            ? "Let the version of the job that wrote it answer what is in flight, and start this one"
                                    + " from a savepoint that holds no requests, or without one"
                            : "Use the version of the job that wrote it, or a later one")
                    + ".");
        }
    }

    /** Returns whether it came out of the state with generated tokens. */
    boolean hadBegun() {
        return restoredTokens() > 0;
    }

    /** Returns the number of generated tokens that it came out of the state with. */
    int restoredTokens() {
        return choices.stream().mapToInt(choice -> choice.tokenIds.length).sum();
    }

    /** Returns whether its request has all that a version before wrote in another form, or not at all. */
    boolean isParsed() {
        return request.prompts != null;
    }

    /** Takes the request that its record is now, and goes on with the tokens that it has. */
    void parsedAnew(PromptRequest parsedAnew) {
        request = parsedAnew;
        int most = parsedAnew.prompts.length * parsedAnew.parameters.bestOf();
        choices = choices.subList(0, Math.min(most, choices.size()));
    }

    /** Forgets what was made of it under another identity. */
    void startAgain(PromptRequest parsedAnew, String newIdentity) {
        request = parsedAnew;
        identity = newIdentity;
        choices = List.of();
    }

    /** Returns when it came to this batch, in milliseconds since the epoch. */
    long start() {
        return start;
    }

    /**
     * Enters a batch, and goes on after the tokens that it came with.
     *
     * @throws IllegalArgumentException if the batch refuses it
     */
    RequestGroup submitTo(ContinuousBatch batch) {
        List<int[]> generated = choices.stream().map(choice -> choice.tokenIds).toList();
        group = batch.resume(request.prompts, request.parameters, request.priority, generated, takenAt);
        choices = List.of();
        return group;
    }

    /** Takes its answer; it will not start again. */
    void answered(CompletionRecord record) {
        answer = record;
        group = null;
        choices = List.of();
        // A copy, for a snapshot that is being written may hold the request as it was.
        request = request.withoutValue();
    }

    boolean isAnswered() {
        return answer != null;
    }

    /** Returns a copy for the state, which stays as it is while the request goes on. */
    RequestInFlight toState() {
        RequestInFlight state = new RequestInFlight(request, identity);
        state.choices = group == null
                ? choices
                : group.generatedTokenIds().stream().map(ChoiceInFlight::new).toList();
        state.answer = answer;
        return state;
    }
}
