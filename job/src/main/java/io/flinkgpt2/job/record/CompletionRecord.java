package io.flinkgpt2.job.record;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** The job's answer to a valid request. Written by {@link CompletionJson}. */
public class CompletionRecord {
    /** Key of the Kafka record, that of the request, or null. */
    public byte[] key;

    /** Headers of the Kafka record, those of the request; null means none. */
    public List<RecordHeader> headers;

    /** {@link RequestIds#completionId}. */
    public String id;

    /** {@link PromptRequest#customId}. */
    public String customId;

    /** When the completion was made, in seconds since the epoch, as OpenAI has it. */
    public long created;

    /** Name of the model. */
    public String model;

    /** Digest of the model's weights, config and tokenizer, shortened. */
    public String modelRevision;

    /** Version of the engine and its numeric mode. */
    public String systemFingerprint;

    /** The generated texts; empty, or null, if the request failed inside. */
    public List<CompletionChoice> choices;

    /** Tokens of all prompts that the model saw. */
    public int promptTokens;

    /** Generated tokens of all choices, without the one that ended the generation unless it was to be included. */
    public int completionTokens;

    /** How long it took, or null. */
    public RequestMetrics metrics;

    /** Where the request stood. */
    public RecordSource source;

    /** {@link PromptRequest#metadata}: text of a JSON object, or null, which is written as an empty object. */
    public String metadata;

    /** {@link PromptRequest#user}: text of a JSON string, or null. */
    public String user;

    /** {@link PromptRequest#sessionId}: text of a JSON string, or null. */
    public String sessionId;

    /** Whether it is written in an envelope of the Batch API. */
    public boolean envelope;

    /** Why a valid request failed inside, or null on success. */
    public RecordError error;

    public CompletionRecord() {}

    /** Returns this record with an error in place of its choices. */
    CompletionRecord withError(RecordError cause) {
        CompletionRecord copy = new CompletionRecord();
        copy.key = key;
        copy.headers = headers;
        copy.id = id;
        copy.customId = customId;
        copy.created = created;
        copy.model = model;
        copy.modelRevision = modelRevision;
        copy.systemFingerprint = systemFingerprint;
        copy.choices = List.of();
        copy.promptTokens = promptTokens;
        copy.metrics = metrics;
        copy.source = source;
        copy.metadata = metadata;
        copy.user = user;
        copy.sessionId = sessionId;
        copy.envelope = envelope;
        copy.error = cause;
        return copy;
    }

    /** Returns the record's JSON, as a topic has it. */
    @Override
    public String toString() {
        return new String(CompletionJson.write(this), StandardCharsets.UTF_8);
    }
}
