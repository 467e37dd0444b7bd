package io.flinkgpt2.job.kafka.source;

/** Where a job without state begins to read. */
public enum SourceStart {
    /** At the group's committed offsets; where there are none, at the earliest record. */
    COMMITTED,
    EARLIEST,
    LATEST
}
