package io.flinkgpt2.job.record;

/** Where a record stood in Kafka, or in a file. */
public class RecordSource {
    /** Name of the topic, or of the file below the input that was given. */
    public String topic;

    /** Index of the partition, or of the input that the file belongs to, 0 or more. */
    public int partition;

    /** Offset in the partition; of a file the byte at which the record begins, in Parquet the row; 0 or more. */
    public long offset;

    /** Timestamp of the Kafka record, or when the file was last changed, in milliseconds since the epoch. */
    public long timestamp;

    public RecordSource() {}

    public RecordSource(String topic, int partition, long offset, long timestamp) {
        this.topic = topic;
        this.partition = partition;
        this.offset = offset;
        this.timestamp = timestamp;
    }

    @Override
    public String toString() {
        return topic + "-" + partition + "-" + offset;
    }
}
