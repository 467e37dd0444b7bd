package io.flinkgpt2.job.record;

import java.util.List;

/** A record that could not be made a request, kept so that it can be repaired and replayed. See {@link DeadLetterJson}. */
public class DeadLetter {
    /** Where the record stood. */
    public RecordSource source;

    /** Kafka's key as it came, or null. */
    public byte[] key;

    /** Kafka's value as it came, or null. */
    public byte[] value;

    /** Kafka's headers as they came; null means none. */
    public List<RecordHeader> headers;

    /** The reason for the refusal. */
    public RecordError error;

    /** Name of the job that refused it. */
    public String job;

    /** When it was refused, in milliseconds since the epoch. */
    public long failedAt;

    public DeadLetter() {}

    /** Creates a letter about {@code record}, sharing its arrays. */
    public DeadLetter(PromptRecord record, RecordError error, String job, long failedAt) {
        this.source = record.source;
        this.key = record.key;
        this.value = record.value;
        this.headers = record.headers;
        this.error = error;
        this.job = job;
        this.failedAt = failedAt;
    }

    @Override
    public String toString() {
        return "DeadLetter[" + source + (error == null ? "" : ", " + error.message) + "]";
    }
}
