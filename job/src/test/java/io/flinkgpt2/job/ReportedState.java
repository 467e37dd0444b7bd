package io.flinkgpt2.job;

import io.flinkgpt2.job.metrics.CompletionMetrics;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.runtime.testutils.InMemoryReporter;

/** What the batches of all jobs of a cluster, running or ended, have told of their state. */
final class ReportedState {

    private final InMemoryReporter reporter = InMemoryReporter.createWithRetainedMetrics();

    Configuration addTo(Configuration cluster) {
        return reporter.addToConfiguration(cluster);
    }

    /** Of each subtask the number of requests in its last checkpoint or savepoint. */
    List<Long> checkpointedRequests(JobID job) {
        return values(lastAttempts(job, CompletionMetrics.CHECKPOINTED_REQUESTS));
    }

    /** Of each subtask the number of requests that wait for a place, and of answers that wait for others of their key. */
    List<Long> waitingRequests(JobID job) {
        Map<String, Attempt> heldBack = lastAttempts(job, CompletionMetrics.HELD_BACK_ANSWERS);
        return lastAttempts(job, CompletionMetrics.WAITING_REQUESTS).entrySet().stream()
                .map(waiting -> {
                    Attempt held = heldBack.get(waiting.getKey());
                    return waiting.getValue().value() + (held == null ? 0 : held.value());
                })
                .toList();
    }

    /** Whether a subtask runs that has failed before. */
    boolean hasRestarted(JobID job) {
        return lastAttempts(job, CompletionMetrics.WAITING_REQUESTS).values().stream()
                .anyMatch(attempt -> attempt.number() > 0);
    }

    /** Of each subtask the number of sequences that have generated tokens and not ended. */
    List<Long> sequencesInFlight(JobID job) {
        return values(lastAttempts(job, CompletionMetrics.SEQUENCES_IN_FLIGHT));
    }

    private static List<Long> values(Map<String, Attempt> lastAttempts) {
        return lastAttempts.values().stream().map(Attempt::value).toList();
    }

    /** The value of a gauge in the last attempt of each subtask that has it. */
    private Map<String, Attempt> lastAttempts(JobID job, String name) {
        Map<String, Attempt> last = new TreeMap<>();
        reporter.getMetricsByGroup().forEach((group, metrics) -> {
            Map<String, String> variables = group.getAllVariables();
            if (job.toString().equals(variables.get("<job_id>")) && metrics.get(name) instanceof Gauge<?> gauge) {
                int number = Integer.parseInt(variables.get("<task_attempt_num>"));
                last.merge(
                        variables.get("<subtask_index>"),
                        new Attempt(number, ((Number) gauge.getValue()).longValue()),
                        (a, b) -> a.number() > b.number() ? a : b);
            }
        });
        return last;
    }

    private record Attempt(int number, long value) {}

    /** Sequences with generated tokens that came back from state in all attempts. */
    long restoredSequences(JobID job) {
        return reporter.getMetricsByGroup().entrySet().stream()
                .filter(entry ->
                        job.toString().equals(entry.getKey().getAllVariables().get("<job_id>")))
                .map(entry -> entry.getValue().get(CompletionMetrics.RESTORED_SEQUENCES))
                .filter(Counter.class::isInstance)
                .mapToLong(counter -> ((Counter) counter).getCount())
                .sum();
    }
}
