package io.flinkgpt2.job.record;

/** A header of a Kafka record. */
public class RecordHeader {
    /** Name, not null; several headers may have the same. */
    public String key;

    /** Bytes, or null. */
    public byte[] value;

    /** Bytes that Kafka adds: two lengths of at most 5 bytes. */
    private static final int OVERHEAD = 10;

    public RecordHeader() {}

    public RecordHeader(String key, byte[] value) {
        this.key = key;
        this.value = value;
    }

    /** Returns the most bytes that it takes in a Kafka record. */
    long size() {
        return OVERHEAD + WireText.utf8Length(key) + (value == null ? 0 : value.length);
    }
}
