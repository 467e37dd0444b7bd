package io.flinkgpt2.job.record;

import io.flinkgpt2.generation.GenerationRequest;
import io.flinkgpt2.sampling.SamplingParameters;
import java.util.List;

/** A valid request, with every default filled in. Made by {@link RequestParser}. */
public class PromptRequest {
    /** Where its record stood. */
    public RecordSource source;

    /** Kafka's key, or null; the key of the completion. */
    public byte[] key;

    /** Kafka's headers in their order, copied to the completion; null means none. */
    public List<RecordHeader> headers;

    /**
     * Kafka's value as it came, so that the request can be made anew for another model: see {@link #record}. Set by who keeps
     * requests in state, null elsewhere and once the request is answered.
     */
    public byte[] value;

    /** The request's identity: its {@code custom_id}, else the key as text, else topic-partition-offset. Not empty. */
    public String customId;

    /** Token ids of the prompt as the model sees them, at least one: an empty prompt is end of text. */
    public int[] promptTokenIds;

    /** How many tokens were cut off the prompt because it did not fit, 0 or more. */
    public int promptTokensDropped;

    /** Where they were cut off, {@code left} or {@code right}; null where none were. */
    public String truncatedSide;

    /** The most tokens to generate, 0 or more. */
    public int maxTokens;

    /** 0 or more, finite. */
    public double temperature;

    /** Only this many best candidates take part, 0 or more; 0: all. */
    public int topK;

    /** Only the best candidates that reach this share of the probability take part, above 0 and at most 1. */
    public double topP;

    /** Seed of the random stream; where the request gave none, a function of {@link #customId}. */
    public long seed;

    /** Text of a JSON object on one line, or null if the request has none. */
    public String metadata;

    /** Text of a JSON string, quotes included, or null if the request has none. */
    public String user;

    /** When the job read the record, in milliseconds since the epoch. */
    public long receivedAt;

    public PromptRequest() {}

    /** The record as it was received, sharing this request's arrays. */
    public PromptRecord record() {
        return new PromptRecord(source, key, value, headers);
    }

    /** What is to be generated. */
    public GenerationRequest generationRequest() {
        SamplingParameters sampling = new SamplingParameters(temperature, topK, topP);
        return new GenerationRequest(promptTokenIds, maxTokens, sampling, seed, 0);
    }
}
