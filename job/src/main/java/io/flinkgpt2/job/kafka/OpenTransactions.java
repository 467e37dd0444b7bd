package io.flinkgpt2.job.kafka;

import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The transactions that a job's sinks have open in Kafka, or those of another job of the same name. */
public final class OpenTransactions {

    private static final Logger LOG = LoggerFactory.getLogger(OpenTransactions.class);

    private OpenTransactions() {}

    /**
     * Writes a warning to the log if transactions are open under the ids that a job will use, before it runs. They are those of
     * a job that runs already, or of one that was killed. A broker that may not be asked, or is too old, is passed over.
     */
    public static void warn(KafkaSettings settings) {
        List<String> ids;
        try {
            ids = of(settings);
        } catch (KafkaException e) {
            LOG.info(
                    "Cannot ask {} for open transactions ({}); whether another job named {} runs is not known.",
                    settings.bootstrapServers(),
                    e.toString(),
                    settings.name());
            return;
        }
        if (!ids.isEmpty()) {
            LOG.warn(
                    "Open transactions under the name of this job, {}: {}. If another job of that name still runs, stop one"
                            + " of the two or rename it (job.name): they abort each other's transactions. If it was killed, this"
                            + " is what it left, and a job that goes on from its newest checkpoint deals with it.",
                    settings.name(),
                    ids);
        }
    }

    /**
     * Returns the ids of the open transactions that belong to a job of this name.
     *
     * @throws KafkaException if the broker does not answer, does not list transactions or refuses to
     */
    static List<String> of(KafkaSettings settings) {
        Pattern own = Pattern.compile(Pattern.quote(settings.name()) + "-(completions|dead-letters)(-\\d+)+");
        try (Admin admin = Admin.create(TopicLimits.adminProperties(settings))) {
            return admin
                    .listTransactions(new ListTransactionsOptions().filterStates(List.of(TransactionState.ONGOING)))
                    .all()
                    .get()
                    .stream()
                    .map(TransactionListing::transactionalId)
                    .filter(id -> own.matcher(id).matches())
                    .sorted()
                    .toList();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof KafkaException cause) {
                throw cause;
            }
            throw new KafkaException("cannot list the transactions at " + settings.bootstrapServers(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while asking for open transactions", e);
        }
    }
}
