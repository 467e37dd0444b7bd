package io.flinkgpt2.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Flink's REST API, as scripts of a user call it. */
final class FlinkApi {

    private static final Duration POLL = Duration.ofMillis(10);
    private static final Set<String> ENDS = Set.of("FINISHED", "CANCELED", "FAILED");

    private final HttpClient client = HttpClient.newHttpClient();
    private final String webUrl;

    FlinkApi(String webUrl) {
        this.webUrl = webUrl;
    }

    /**
     * A checkpoint or savepoint that was asked for.
     *
     * @param seconds from the request to the answer that says that it is complete
     */
    record Snapshot(String location, double seconds) {

        /** Bytes of its files. */
        long bytes() throws IOException {
            long bytes = 0;
            try (Stream<Path> files = Files.walk(Path.of(URI.create(location)))) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    bytes += Files.size(file);
                }
            }
            return bytes;
        }
    }

    /** Takes a checkpoint now. */
    Snapshot checkpoint(String jobId) throws IOException, InterruptedException {
        long start = System.nanoTime();
        String checkpoints = "/jobs/" + jobId + "/checkpoints";
        JsonNode operation = complete(checkpoints, "{\"checkpointType\": \"FULL\"}", checkpoints);
        double seconds = secondsSince(start);
        String id = operation.path("checkpointId").asText();
        return new Snapshot(
                get(checkpoints + "/details/" + id).path("external_path").textValue(), seconds);
    }

    /** Takes a savepoint; the job goes on. */
    Snapshot savepoint(String jobId) throws IOException, InterruptedException {
        String savepoints = "/jobs/" + jobId + "/savepoints";
        return located(savepoints, "{\"cancel-job\": false}", savepoints);
    }

    /** Takes a savepoint and ends the job with it. */
    Snapshot stopWithSavepoint(String jobId) throws IOException, InterruptedException {
        return located("/jobs/" + jobId + "/stop", "{\"drain\": false}", "/jobs/" + jobId + "/savepoints");
    }

    private Snapshot located(String path, String body, String progress) throws IOException, InterruptedException {
        long start = System.nanoTime();
        JsonNode operation = complete(path, body, progress);
        return new Snapshot(operation.path("location").textValue(), secondsSince(start));
    }

    private static double secondsSince(long start) {
        return (System.nanoTime() - start) * 1e-9;
    }

    /** Asks for what takes a while, and waits for its end. */
    private JsonNode complete(String path, String body, String progress) throws IOException, InterruptedException {
        String id = send("POST", path, body).path("request-id").textValue();
        long deadline = System.nanoTime() + Running.PATIENCE.toNanos();
        JsonNode answer;
        do {
            Thread.sleep(POLL.toMillis());
            if (System.nanoTime() - deadline > 0) {
                throw new IOException(path + " is not complete after " + Running.PATIENCE.toSeconds() + " s");
            }
            answer = get(progress + "/" + id);
        } while (!answer.path("status").path("id").asText().equals("COMPLETED"));
        JsonNode operation = answer.path("operation");
        if (operation.hasNonNull("failure-cause") || operation.hasNonNull("failureCause")) {
            throw new IOException(path + " failed: " + operation);
        }
        return operation;
    }

    /** Cancels a job and waits for its end. */
    void cancel(String jobId) throws IOException, InterruptedException {
        send("PATCH", "/jobs/" + jobId + "?mode=cancel", "");
        awaitState(jobId, "CANCELED", Running.PATIENCE);
    }

    /** State of a job by Flink's names. */
    String state(String jobId) throws IOException, InterruptedException {
        return get("/jobs/" + jobId).path("state").textValue();
    }

    /** Waits for a state; fails if the job ends in another. */
    void awaitState(String jobId, String expected, Duration patience) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        String state = state(jobId);
        while (!state.equals(expected)) {
            if (ENDS.contains(state) || System.nanoTime() - deadline > 0) {
                throw new IOException("job " + jobId + " is " + state + ", expected " + expected + ": "
                        + get("/jobs/" + jobId + "/exceptions"));
            }
            Thread.sleep(100);
            state = state(jobId);
        }
    }

    /** Whether all tasks of a job run; the job's own state says so while they still open their operators. */
    boolean isRunning(String jobId) throws IOException, InterruptedException {
        List<String> states = get("/jobs/" + jobId).path("vertices").findValuesAsText("status");
        return !states.isEmpty() && states.stream().allMatch("RUNNING"::equals);
    }

    /** Ids of a job's vertices. */
    List<String> vertices(String jobId) throws IOException, InterruptedException {
        return get("/jobs/" + jobId).path("vertices").findValuesAsText("id");
    }

    JsonNode get(String path) throws IOException, InterruptedException {
        return answer(path, HttpRequest.newBuilder(URI.create(webUrl + path)).build());
    }

    private JsonNode send(String method, String path, String body) throws IOException, InterruptedException {
        return answer(
                path,
                HttpRequest.newBuilder(URI.create(webUrl + path))
                        .header("Content-Type", "application/json")
                        .method(method, HttpRequest.BodyPublishers.ofString(body))
                        .build());
    }

    private JsonNode answer(String path, HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() / 100 != 2) {
            throw new IOException(
                    webUrl + path + " answers with status " + response.statusCode() + ": " + response.body());
        }
        return Run.json(response.body());
    }
}
