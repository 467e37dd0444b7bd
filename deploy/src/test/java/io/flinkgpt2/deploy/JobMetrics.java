package io.flinkgpt2.deploy;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URLEncoder;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Metrics of a job's operators, by Flink's REST API. The JobManager answers with the last report of a TaskManager, be it one
 * that has ended since.
 */
final class JobMetrics {

    private final FlinkApi flink;
    private final String jobId;

    JobMetrics(FlinkApi flink, String jobId) {
        this.flink = flink;
        this.jobId = jobId;
    }

    /** Values of one operator's metrics in a subtask, all of one report; empty while one of them is missing. */
    Optional<Map<String, Double>> ofSubtask(int subtask, String... metrics) throws IOException, InterruptedException {
        for (String vertex : flink.vertices(jobId)) {
            String path = "/jobs/" + jobId + "/vertices/" + vertex + "/subtasks/" + subtask + "/metrics";
            Map<String, String> metricOfId = new HashMap<>();
            for (JsonNode name : flink.get(path)) {
                String id = name.path("id").textValue();
                for (String metric : metrics) {
                    if (id.endsWith("." + metric)) {
                        metricOfId.put(id, metric);
                    }
                }
            }
            if (metricOfId.size() == metrics.length) {
                String ids = URLEncoder.encode(String.join(",", metricOfId.keySet()), UTF_8);
                Map<String, Double> values = new HashMap<>();
                for (JsonNode value : flink.get(path + "?get=" + ids)) {
                    values.put(
                            metricOfId.get(value.path("id").textValue()),
                            value.path("value").asDouble());
                }
                if (values.size() == metrics.length) {
                    return Optional.of(values);
                }
            }
        }
        return Optional.empty();
    }
}
