package io.flinkgpt2.job.record;

import java.util.List;

/** A record of the prompts' topic as it came, before anything was made of it. */
public class PromptRecord {
    /** Where it stood. */
    public RecordSource source;

    /** Kafka's key, or null. */
    public byte[] key;

    /** Kafka's value, or null (a tombstone). */
    public byte[] value;

    /** Kafka's headers in their order; null means none. */
    public List<RecordHeader> headers;

    public PromptRecord() {}

    public PromptRecord(RecordSource source, byte[] key, byte[] value, List<RecordHeader> headers) {
        this.source = source;
        this.key = key;
        this.value = value;
        this.headers = headers;
    }
}
