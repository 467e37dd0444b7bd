package io.flinkgpt2.job.record;

import io.flinkgpt2.sampling.GenerationParameters;

/** A valid request, with every default filled in. Made by {@link RequestParser}; not changed afterwards. */
public class PromptRequest {
    /**
     * The record as it was received, so that the request can be made anew for another model. Its value is null once the request
     * has its answer.
     */
    public PromptRecord record;

    /** The request's identity: its {@code custom_id}, else the key as text, else topic-partition-offset. Not empty. */
    public String customId;

    /** Token ids of each prompt as the model sees them, at least one: an empty prompt is end of text. */
    public int[][] prompts;

    /** Number of tokens that were cut off each prompt, 0 or more. */
    public int[] droppedTokens;

    /** The side on which they were cut off, {@code left} or {@code right}; null if none were cut off any prompt. */
    public String truncatedSide;

    /** How the prompts are completed. */
    public GenerationParameters parameters;

    /** Text of a JSON object on one line, or null if the request has none. */
    public String metadata;

    /** Text of a JSON string, quotes included, or null if the request has none. */
    public String user;

    /** Text of a JSON string, quotes included, or null if the request has none. */
    public String sessionId;

    /** Whether the answer has the token ids of prompts and choices. */
    public boolean returnTokenIds;

    /** Whether log-probabilities name tokens by their ids. */
    public boolean returnTokensAsTokenIds;

    /** Whether the request came in an envelope of the Batch API. */
    public boolean envelope;

    /** Requests of lower numbers go first. */
    public int priority;

    /** When the job read the record, in milliseconds since the epoch. */
    public long receivedAt;

    public PromptRequest() {}

    /** Returns the size of the record's value, which is kept until the request has its answer, in bytes. */
    public int receivedBytes() {
        return record.value == null ? 0 : record.value.length;
    }

    /** Returns this request without the record's value, for one that has its answer. */
    public PromptRequest withoutValue() {
        PromptRequest copy = new PromptRequest();
        copy.record = new PromptRecord(record.source, record.key, null, record.headers);
        copy.customId = customId;
        copy.prompts = prompts;
        copy.droppedTokens = droppedTokens;
        copy.truncatedSide = truncatedSide;
        copy.parameters = parameters;
        copy.metadata = metadata;
        copy.user = user;
        copy.sessionId = sessionId;
        copy.returnTokenIds = returnTokenIds;
        copy.returnTokensAsTokenIds = returnTokensAsTokenIds;
        copy.envelope = envelope;
        copy.priority = priority;
        copy.receivedAt = receivedAt;
        return copy;
    }
}
