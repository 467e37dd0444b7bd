package io.flinkgpt2.job;

import io.flinkgpt2.job.metrics.CompletionMetrics;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Metric;
import org.apache.flink.runtime.testutils.InMemoryReporter;

/** What the batches of all jobs of a cluster, running or ended, have told of their state. */
final class ReportedState {

    private final InMemoryReporter reporter = InMemoryReporter.createWithRetainedMetrics();

    Configuration addTo(Configuration cluster) {
        return reporter.addToConfiguration(cluster);
    }

    /** Of each subtask the number of requests in its last checkpoint or savepoint. */
    List<Long> checkpointedRequests(JobID job) {
        Map<String, Map.Entry<Integer, Long>> last = new TreeMap<>();
        reporter.getMetricsByGroup().forEach((group, metrics) -> {
            Map<String, String> variables = group.getAllVariables();
            Metric metric = metrics.get(CompletionMetrics.CHECKPOINTED_REQUESTS);
            if (job.toString().equals(variables.get("<job_id>")) && metric instanceof Gauge<?> gauge) {
                int attempt = Integer.parseInt(variables.get("<task_attempt_num>"));
                last.merge(
                        variables.get("<subtask_index>"),
                        Map.entry(attempt, ((Number) gauge.getValue()).longValue()),
                        (a, b) -> a.getKey() > b.getKey() ? a : b);
            }
        });
        return last.values().stream().map(Map.Entry::getValue).toList();
    }

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
