package io.flinkgpt2.deploy;

import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.TransactionState;

/** Takes observations of a job at work, from the traffic, the operator's metrics and the broker. */
final class Observer implements AutoCloseable {

    private static final String STEPS = "steps";
    private static final String IN_FLIGHT = "sequencesInFlight";
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final Admin admin;
    private final Traffic traffic;
    private final Map<Integer, Double> lastSteps = new HashMap<>();

    Observer(String bootstrapServers, Traffic traffic) {
        this.admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers));
        this.traffic = traffic;
    }

    /** Observes until there is work of all three kinds, or patience has run out; returns the last observation. */
    Observation awaitWork(FlinkApi flink, String job, int parallelism) throws IOException, InterruptedException {
        JobMetrics metrics = new JobMetrics(flink, job);
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        Observation observation;
        do {
            int transactions = openTransactions();
            long sequences = sequences(metrics, parallelism);
            observation = new Observation(traffic.unanswered(), sequences, transactions);
        } while (observation.lacksWork() && System.nanoTime() - deadline < 0);
        return observation;
    }

    /** Counts only subtasks that have made steps since the last look: others may be a report of one that has ended. */
    private long sequences(JobMetrics metrics, int parallelism) throws IOException, InterruptedException {
        long sequences = 0;
        for (int subtask = 0; subtask < parallelism; subtask++) {
            Optional<Map<String, Double>> values = metrics.ofSubtask(subtask, STEPS, IN_FLIGHT);
            if (values.isPresent()) {
                Double steps = values.get().get(STEPS);
                Double before = lastSteps.put(subtask, steps);
                if (before != null && !before.equals(steps)) {
                    sequences += values.get().get(IN_FLIGHT).longValue();
                }
            }
        }
        return sequences;
    }

    /** How many transactions of the job are open. */
    int openTransactions() throws InterruptedException {
        try {
            return (int) admin
                    .listTransactions(new ListTransactionsOptions().filterStates(List.of(TransactionState.ONGOING)))
                    .all()
                    .get()
                    .stream()
                    .filter(transaction -> transaction.transactionalId().startsWith(Stage.JOB_NAME + "-"))
                    .count();
        } catch (ExecutionException e) {
            throw new IllegalStateException("the broker does not list its transactions", e);
        }
    }

    @Override
    public void close() {
        admin.close();
    }
}
