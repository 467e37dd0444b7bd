package io.flinkgpt2.deploy;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** Metrics of a job's operators, by Flink's REST API. */
final class JobMetrics {

    private final HttpClient client = HttpClient.newHttpClient();
    private final String webUrl;
    private final String jobId;

    JobMetrics(String webUrl, String jobId) {
        this.webUrl = webUrl;
        this.jobId = jobId;
    }

    /** The sum of a metric over operators and subtasks; empty while no task reports it. */
    OptionalLong sum(String metric) throws IOException, InterruptedException {
        List<Long> values = new ArrayList<>();
        for (JsonNode vertex : get("/jobs/" + jobId).path("vertices")) {
            String path = "/jobs/" + jobId + "/vertices/" + vertex.path("id").textValue() + "/subtasks/metrics";
            for (JsonNode name : get(path)) {
                String id = name.path("id").textValue();
                if (id.endsWith("." + metric)) {
                    for (JsonNode value : get(path + "?agg=sum&get=" + encode(id))) {
                        values.add(value.path("sum").asLong());
                    }
                }
            }
        }
        return values.isEmpty()
                ? OptionalLong.empty()
                : OptionalLong.of(values.stream().mapToLong(Long::longValue).sum());
    }

    private static String encode(String id) {
        return URLEncoder.encode(id, UTF_8);
    }

    private JsonNode get(String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(webUrl + path)).build();
        HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() != 200) {
            throw new IOException(
                    webUrl + path + " answers with status " + response.statusCode() + ": " + response.body());
        }
        return Run.json(response.body());
    }
}
