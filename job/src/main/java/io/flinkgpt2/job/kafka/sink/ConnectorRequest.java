package io.flinkgpt2.job.kafka.sink;

import org.apache.flink.api.connector.sink2.Committer.CommitRequest;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.kafka.common.errors.InvalidPidMappingException;

/** A request as the connector's committer sees it, which keeps the failures that repeating does not mend. */
final class ConnectorRequest implements CommitRequest<KafkaCommittable> {

    private final CommitRequest<Transaction> request;
    private Throwable failure;

    ConnectorRequest(CommitRequest<Transaction> request) {
        this.request = request;
    }

    Transaction transaction() {
        return request.getCommittable();
    }

    /** Returns the reason why the transaction can never be committed, or null. */
    Throwable failure() {
        return failure;
    }

    /** Counts the failure and leaves the transaction. */
    void giveUp() {
        request.signalFailedWithKnownReason(failure);
    }

    @Override
    public KafkaCommittable getCommittable() {
        return transaction().committable();
    }

    @Override
    public int getNumberOfRetries() {
        return request.getNumberOfRetries();
    }

    @Override
    public void signalFailedWithKnownReason(Throwable reason) {
        failure = reason;
    }

    /** The connector does not know that Kafka forgets an id that nobody uses; each further attempt would end so as well. */
    @Override
    public void signalFailedWithUnknownReason(Throwable reason) {
        if (reason instanceof InvalidPidMappingException) {
            failure = reason;
        } else {
            request.signalFailedWithUnknownReason(reason);
        }
    }

    @Override
    public void retryLater() {
        request.retryLater();
    }

    @Override
    public void updateAndRetryLater(KafkaCommittable committable) {
        Transaction transaction = transaction();
        request.updateAndRetryLater(new Transaction(committable, transaction.checkpoint(), transaction.sources()));
    }

    @Override
    public void signalAlreadyCommitted() {
        request.signalAlreadyCommitted();
    }
}
