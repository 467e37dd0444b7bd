package io.flinkgpt2.job.kafka.sink;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTransactionsResult;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.common.KafkaException;

/**
 * Asks Kafka how transactions ended. It keeps the last one of each transactional id, and the sinks use an id for one
 * transaction; only a job that was started from an older checkpoint uses it again.
 *
 * @param adminProperties how the brokers are reached
 */
record TransactionOutcomes(Properties adminProperties) {

    enum Outcome {
        COMMITTED,
        ABORTED,
        UNKNOWN
    }

    /**
     * How a transaction ended.
     *
     * @param found Kafka's words, for a message
     */
    record Answer(Outcome outcome, String found) {}

    /** Returns an answer for each transaction, by its transactional id; what cannot be asked is unknown. */
    Map<String, Answer> of(Collection<Transaction> transactions) throws InterruptedException {
        Map<String, Answer> answers = new HashMap<>();
        try (Admin admin = Admin.create(adminProperties)) {
            DescribeTransactionsResult descriptions = admin.describeTransactions(
                    transactions.stream().map(Transaction::id).toList());
            for (Transaction transaction : transactions) {
                answers.put(transaction.id(), answer(transaction, descriptions));
            }
        } catch (KafkaException e) {
            transactions.forEach(
                    transaction -> answers.putIfAbsent(transaction.id(), new Answer(Outcome.UNKNOWN, e.toString())));
        }
        return answers;
    }

    private static Answer answer(Transaction transaction, DescribeTransactionsResult descriptions)
            throws InterruptedException {
        try {
            TransactionDescription description =
                    descriptions.description(transaction.id()).get();
            KafkaCommittable committable = transaction.committable();
            return new Answer(
                    outcome(description, committable.getProducerId(), committable.getEpoch()),
                    "its state is " + description.state() + " for producer " + description.producerId() + " epoch "
                            + description.producerEpoch() + ", the transaction's is producer "
                            + committable.getProducerId() + " epoch " + committable.getEpoch());
        } catch (ExecutionException e) {
            return new Answer(Outcome.UNKNOWN, e.getCause().toString());
        }
    }

    /**
     * Reads a description. Newer brokers raise the epoch by one when a transaction ends, and each further producer with the
     * same id raises it again: beyond that the description is of a later transaction.
     *
     * <p>A state that is empty one epoch later is a commit as well. The producer that commits after a restore may learn of the
     * brokers' transaction version only while it does so; it then asks for the next epoch right after its commit, which leaves
     * the id with no transaction. An abort does not end there: nobody aborts a prepared transaction as its owner, and whoever
     * else does it (the broker after the timeout, a new producer, an administrator) raises the epoch to keep the owner out,
     * and a producer that then takes the id raises it once more.
     */
    static Outcome outcome(TransactionDescription now, long producerId, short epoch) {
        if (now.producerId() != producerId || now.producerEpoch() < epoch || now.producerEpoch() > epoch + 1) {
            return Outcome.UNKNOWN;
        }
        return switch (now.state()) {
            case PREPARE_COMMIT, COMPLETE_COMMIT -> Outcome.COMMITTED;
            case PREPARE_ABORT, COMPLETE_ABORT, PREPARE_EPOCH_FENCE -> Outcome.ABORTED;
            case EMPTY -> now.producerEpoch() == epoch + 1 ? Outcome.COMMITTED : Outcome.UNKNOWN;
            case ONGOING, UNKNOWN -> Outcome.UNKNOWN;
        };
    }
}
