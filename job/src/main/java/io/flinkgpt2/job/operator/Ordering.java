package io.flinkgpt2.job.operator;

/** In which order a batch's answers go out. */
public enum Ordering {
    /** As they end. */
    NONE,
    /** Those of one Kafka key in the order of its requests. */
    KEY
}
