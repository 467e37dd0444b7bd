package io.flinkgpt2.job.record;

/** A header of a Kafka record. */
public class RecordHeader {
    /** Name, not null; several headers may have the same. */
    public String key;

    /** Bytes, or null. */
    public byte[] value;

    public RecordHeader() {}

    public RecordHeader(String key, byte[] value) {
        this.key = key;
        this.value = value;
    }
}
