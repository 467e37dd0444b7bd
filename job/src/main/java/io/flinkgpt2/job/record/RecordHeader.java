package io.flinkgpt2.job.record;

import java.util.List;

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

    /** Returns the most bytes that a key and headers, either of which may be null, take in a Kafka record. */
    static long size(byte[] key, List<RecordHeader> headers) {
        long size = key == null ? 0 : key.length;
        for (RecordHeader header : headers == null ? List.<RecordHeader>of() : headers) {
            size += header.size();
        }
        return size;
    }

    /** Returns the most bytes that it takes in a Kafka record. */
    long size() {
        return OVERHEAD + WireText.utf8Length(key) + (value == null ? 0 : value.length);
    }
}
