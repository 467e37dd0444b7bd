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

    /** Token ids of the prompt as the model sees them, at least one: an empty prompt is end of text. */
    public int[] promptTokenIds;

    /** Number of tokens that were cut off the prompt because it did not fit, 0 or more. */
    public int promptTokensDropped;

    /** The side on which they were cut off, {@code left} or {@code right}; null if none were. */
    public String truncatedSide;

    /** How the prompt is completed. */
    public GenerationParameters parameters;

    /** Text of a JSON object on one line, or null if the request has none. */
    public String metadata;

    /** Text of a JSON string, quotes included, or null if the request has none. */
    public String user;

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
        copy.promptTokenIds = promptTokenIds;
        copy.promptTokensDropped = promptTokensDropped;
        copy.truncatedSide = truncatedSide;
        copy.parameters = parameters;
        copy.metadata = metadata;
        copy.user = user;
        copy.receivedAt = receivedAt;
        return copy;
    }
}
