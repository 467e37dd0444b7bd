package io.flinkgpt2.job.kafka;

/** A connection or a right that Kafka does not give: the message says which, what was expected, and what to do. */
public final class KafkaAccessException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    KafkaAccessException(String message, Throwable cause) {
        super(message, cause);
    }
}
