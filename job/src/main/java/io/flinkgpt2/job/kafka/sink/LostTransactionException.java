package io.flinkgpt2.job.kafka.sink;

import org.apache.flink.runtime.throwable.ThrowableAnnotation;
import org.apache.flink.runtime.throwable.ThrowableType;
import org.apache.flink.util.FlinkRuntimeException;

/**
 * A completed checkpoint's transaction can no longer be committed, or nobody can say whether it was. Fails the job whatever
 * its restart strategy, for each start from that checkpoint would find the same.
 */
@ThrowableAnnotation(ThrowableType.NonRecoverableError)
public final class LostTransactionException extends FlinkRuntimeException {
    private static final long serialVersionUID = 1L;

    LostTransactionException(String message, Throwable cause) {
        super(message, cause);
    }
}
