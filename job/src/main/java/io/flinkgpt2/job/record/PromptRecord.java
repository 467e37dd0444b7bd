package io.flinkgpt2.job.record;

import java.util.List;

/** A record of the prompts' topic, or of a file of prompts, as it came, before anything was made of it. */
public class PromptRecord {
    /** Where it stood. */
    public RecordSource source;

    /** Kafka's key, or null; of a record of a file, its identity: name of the file and offset. */
    public byte[] key;

    /** Kafka's value, or null (a tombstone). */
    public byte[] value;

    /** Kafka's headers in their order; null means none. */
    public List<RecordHeader> headers;

    /** Why whoever read it could make no request of it, or null. */
    public RecordError refusal;

    public PromptRecord() {}

    public PromptRecord(RecordSource source, byte[] key, byte[] value, List<RecordHeader> headers) {
        this.source = source;
        this.key = key;
        this.value = value;
        this.headers = headers;
    }
}
