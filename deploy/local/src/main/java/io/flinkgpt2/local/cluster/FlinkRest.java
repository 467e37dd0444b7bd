package io.flinkgpt2.local.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.flink.api.common.JobID;
import org.apache.flink.client.deployment.StandaloneClusterId;
import org.apache.flink.client.program.rest.RestClusterClient;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.core.execution.SavepointFormatType;

/** A running Flink cluster, by its REST API. */
public final class FlinkRest {

    private static final int TIMEOUT_MS = (int) Duration.ofSeconds(10).toMillis();
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final String host;
    private final int port;

    /** Creates the cluster whose REST API is at {@code host:port}. */
    public FlinkRest(String host, int port) {
        this.host = host;
        this.port = port;
    }

    /**
     * Returns the cluster at an address {@code host:port}.
     *
     * @throws IllegalArgumentException if the address is none; says what it found
     */
    public static FlinkRest at(String address) {
        try {
            URI uri = URI.create("http://" + address);
            if (uri.getHost() != null
                    && uri.getPort() > 0
                    && uri.getPort() <= 65_535
                    && address.equals(uri.getHost() + ":" + uri.getPort())) {
                return new FlinkRest(uri.getHost(), uri.getPort());
            }
        } catch (IllegalArgumentException e) {
            throw noAddress(address, e);
        }
        throw noAddress(address, null);
    }

    private static IllegalArgumentException noAddress(String address, Throwable cause) {
        return new IllegalArgumentException("found '" + address + "', expected HOST:PORT of Flink's REST API", cause);
    }

    public String host() {
        return host;
    }

    public int port() {
        return port;
    }

    /** Address of the API and of the web UI. */
    public String url() {
        return "http://" + host + ":" + port;
    }

    /** A job as the cluster lists it; {@code state} by Flink's names, such as {@code RUNNING}. */
    public record Job(String id, String name, String state) {

        /** Returns whether it has ended, in whatever way. */
        public boolean ended() {
            return Set.of("FINISHED", "CANCELED", "FAILED").contains(state);
        }
    }

    /** The size of a cluster. */
    public record Overview(int taskManagers, int slots, int freeSlots) {}

    /**
     * TaskManagers and slots.
     *
     * @throws IOException if the cluster does not answer; says where it was looked for
     */
    public Overview overview() throws IOException {
        JsonNode json = get("/overview");
        return new Overview(
                json.path("taskmanagers").asInt(),
                json.path("slots-total").asInt(),
                json.path("slots-available").asInt());
    }

    /**
     * Returns the ids of the TaskManagers that the JobManager counts on; one that was killed is among them for some seconds.
     *
     * @throws IOException if the cluster does not answer; says where it was looked for
     */
    Set<String> taskManagers() throws IOException {
        Set<String> ids = new HashSet<>();
        get("/taskmanagers")
                .path("taskmanagers")
                .forEach(taskManager -> ids.add(taskManager.path("id").asText()));
        return ids;
    }

    /**
     * Returns the jobs that the cluster knows, those that have ended included.
     *
     * @throws IOException if the cluster does not answer; says where it was looked for
     */
    public List<Job> jobs() throws IOException {
        List<Job> jobs = new ArrayList<>();
        for (JsonNode job : get("/jobs/overview").path("jobs")) {
            jobs.add(new Job(
                    job.path("jid").asText(),
                    job.path("name").asText(),
                    job.path("state").asText()));
        }
        return jobs;
    }

    /**
     * Returns the answer of the API to a GET.
     *
     * @param path from the slash on
     * @throws IOException if there is no answer, or another than 200
     */
    public JsonNode get(String path) throws IOException {
        HttpURLConnection connection =
                (HttpURLConnection) URI.create(url() + path).toURL().openConnection();
        connection.setConnectTimeout(TIMEOUT_MS);
        connection.setReadTimeout(TIMEOUT_MS);
        try {
            int status = connection.getResponseCode();
            if (status != HttpURLConnection.HTTP_OK) {
                throw new IOException(url() + path + " answers with status " + status + error(connection)
                        + "; is it Flink's REST API?");
            }
            try (InputStream body = connection.getInputStream()) {
                return MAPPER.readTree(body);
            }
        } catch (ConnectException e) {
            throw new IOException(
                    "Nobody listens at " + url() + " (" + e.getMessage()
                            + "); check the address, and that the JobManager runs",
                    e);
        } finally {
            connection.disconnect();
        }
    }

    private static String error(HttpURLConnection connection) throws IOException {
        try (InputStream body = connection.getErrorStream()) {
            return body == null ? "" : ", " + new String(body.readNBytes(500), StandardCharsets.UTF_8).strip();
        }
    }

    /**
     * Takes a savepoint and ends the job with it, as {@code flink stop} does.
     *
     * @param jobId 32 hexadecimal digits
     * @param directory for the savepoint; null for the one that the cluster is configured with
     * @param drain whether the job is to think that its input is at its end, and finish what it has begun
     * @return where the savepoint is
     * @throws IOException if there is no such job, or the savepoint failed; the job then goes on
     */
    public String stopWithSavepoint(String jobId, String directory, boolean drain)
            throws IOException, InterruptedException {
        Objects.requireNonNull(jobId, "jobId");
        Configuration configuration = new Configuration();
        configuration.set(RestOptions.ADDRESS, host);
        configuration.set(RestOptions.PORT, port);
        try (RestClusterClient<StandaloneClusterId> client =
                new RestClusterClient<>(configuration, StandaloneClusterId.getInstance())) {
            return client.stopWithSavepoint(JobID.fromHexString(jobId), drain, directory, SavepointFormatType.CANONICAL)
                    .get();
        } catch (ExecutionException e) {
            throw new IOException("Job " + jobId + " at " + url() + " was not stopped with a savepoint", e.getCause());
        } catch (InterruptedException | IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException("Cannot talk to Flink at " + url(), e);
        }
    }
}
