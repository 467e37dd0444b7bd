package io.flinkgpt2.job.record;

/** Where a record stood in Kafka. */
public class RecordSource {
    /** Name of the topic. */
    public String topic;

    /** Index of the partition, 0 or more. */
    public int partition;

    /** Offset in the partition, 0 or more. */
    public long offset;

    /** Timestamp of the Kafka record, in milliseconds since the epoch. */
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
