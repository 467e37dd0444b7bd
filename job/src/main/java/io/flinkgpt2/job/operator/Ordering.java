package io.flinkgpt2.job.operator;

/** In which order a batch's answers go out. */
public enum Ordering {
    /** As they end. */
    NONE,
    /** Answers of one Kafka key go out in the order of its requests. */
    KEY
}
