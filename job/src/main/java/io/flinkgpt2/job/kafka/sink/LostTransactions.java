package io.flinkgpt2.job.kafka.sink;

/** The reaction to a transaction that can no longer be committed although its checkpoint is complete. */
public enum LostTransactions {
    /** The job fails for good, whatever its restart strategy: it would find the same at each start. */
    FAIL,
    /** The job goes on without the transaction's records and logs an error that names them. */
    CONTINUE
}
