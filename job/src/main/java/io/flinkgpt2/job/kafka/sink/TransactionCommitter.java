package io.flinkgpt2.job.kafka.sink;

import io.flinkgpt2.job.kafka.sink.TransactionOutcomes.Answer;
import io.flinkgpt2.job.kafka.sink.TransactionOutcomes.Outcome;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connector's committer, made loud: a commit that fails for good fails the job, where the connector writes a line to the
 * log and goes on. A transaction from state that had been committed before the restore is recognised and left alone.
 */
final class TransactionCommitter implements Committer<Transaction> {

    private static final Logger LOG = LoggerFactory.getLogger(TransactionCommitter.class);

    private final Committer<KafkaCommittable> connector;
    private final TransactionOutcomes outcomes;
    private final LostTransactions lostTransactions;
    private final String topic;

    TransactionCommitter(
            Committer<KafkaCommittable> connector,
            TransactionOutcomes outcomes,
            LostTransactions lostTransactions,
            String topic) {
        this.connector = connector;
        this.outcomes = outcomes;
        this.lostTransactions = lostTransactions;
        this.topic = topic;
    }

    /** @throws LostTransactionException if one cannot be committed and the job must not go on without it */
    @Override
    public void commit(Collection<CommitRequest<Transaction>> requests) throws IOException, InterruptedException {
        List<ConnectorRequest> open = new ArrayList<>();
        Map<String, Answer> before = outcomesOf(requests.stream()
                .map(CommitRequest::getCommittable)
                .filter(Transaction::isRestored)
                .toList());
        for (CommitRequest<Transaction> request : requests) {
            Transaction transaction = request.getCommittable();
            if (before.containsKey(transaction.id())
                    && before.get(transaction.id()).outcome() == Outcome.COMMITTED) {
                LOG.info("Kafka had committed {} before this start.", transaction);
                request.signalAlreadyCommitted();
            } else {
                open.add(new ConnectorRequest(request));
            }
        }
        if (open.isEmpty()) {
            return;
        }
        connector.commit(List.copyOf(open));
        settle(open.stream().filter(request -> request.failure() != null).toList());
    }

    private Map<String, Answer> outcomesOf(List<Transaction> transactions) throws InterruptedException {
        return transactions.isEmpty() ? Map.of() : outcomes.of(transactions);
    }

    private void settle(List<ConnectorRequest> failed) throws InterruptedException {
        Map<String, Answer> answers =
                outcomesOf(failed.stream().map(ConnectorRequest::transaction).toList());
        List<String> losses = new ArrayList<>();
        Throwable cause = null;
        for (ConnectorRequest request : failed) {
            Transaction transaction = request.transaction();
            Answer answer = answers.get(transaction.id());
            boolean wasCommitted = answer.outcome() == Outcome.COMMITTED
                    // Never the answer to a second commit, whatever has become of the id since.
                    && !(request.failure() instanceof InvalidTxnStateException);
            if (wasCommitted) {
                LOG.info("Kafka had committed {}; nothing is lost.", transaction);
                request.signalAlreadyCommitted();
                continue;
            }
            String loss = loss(transaction, request.failure(), answer);
            if (lostTransactions == LostTransactions.CONTINUE) {
                LOG.error("{} The job goes on without them, as lost-transactions = continue says.", loss);
                request.giveUp();
            } else {
                losses.add(loss);
                cause = request.failure();
            }
        }
        if (!losses.isEmpty()) {
            throw new LostTransactionException(
                    String.join(" ", losses)
                            + " To go on without them start the job from its newest checkpoint with --lost-transactions"
                            + " continue, then send their requests again (docs/guarantees.md).",
                    cause);
        }
    }

    private String loss(Transaction transaction, Throwable failure, Answer answer) {
        if (failure instanceof InvalidTxnStateException || answer.outcome() == Outcome.ABORTED) {
            return "Kafka aborted " + transaction + ", most likely as it was open for longer than"
                    + " kafka.transaction.timeout.ms: the records of topic " + topic + " for " + transaction.offsets()
                    + " are lost.";
        }
        return "Kafka can no longer say whether " + transaction + " was committed ("
                + failure.getClass().getSimpleName()
                + "; " + answer.found() + "): the records of topic " + topic + " for " + transaction.offsets()
                + " may be missing, look for them there.";
    }

    @Override
    public void close() throws Exception {
        connector.close();
    }
}
