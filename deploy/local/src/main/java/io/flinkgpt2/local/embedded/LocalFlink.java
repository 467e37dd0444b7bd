package io.flinkgpt2.local.embedded;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.flinkgpt2.local.server.Ports;
import io.flinkgpt2.local.web.WebAccess;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.DeploymentOptions;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.configuration.WebOptions;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * A Flink cluster inside this process: a JobManager, one TaskManager and the web UI, listening on {@code localhost} only.
 *
 * <ul>
 *   <li>Jobs are built on an {@link #environment} and started by its {@code execute} or {@code executeAsync}, as anywhere; the
 *       {@code JobClient} that {@code executeAsync} returns cancels them and takes savepoints.
 *   <li>A job's classes are this process's own: no jar is uploaded. The web port answers only what reads, and no page of
 *       another server.
 *   <li>Closing it ends its jobs. Nothing remains but a work directory that the caller named.
 * </ul>
 */
public final class LocalFlink implements AutoCloseable {

    private static final String WEB_PORT = "The Flink web UI's port";

    /** How long each step of starting may take, and stopping. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final Duration POLL_INTERVAL = Duration.ofMillis(20);

    private final WorkDirectory workDirectory;
    private final MiniCluster cluster;
    private final int slots;
    private final URI webUrl;
    private boolean closed;

    private LocalFlink(WorkDirectory workDirectory, MiniCluster cluster, int slots, URI webUrl) {
        this.workDirectory = workDirectory;
        this.cluster = cluster;
        this.slots = slots;
        this.webUrl = webUrl;
    }

    /**
     * How a cluster is started. Begin with {@link #defaults()} and change what is needed.
     *
     * @param webPort the port of the web UI and REST API, 0 for any that is free
     * @param slots how many parallel pipelines fit, at least 1
     * @param workDirectory where checkpoints, savepoints and temporary files go; it stays after {@link #close()}. Empty for a
     *     temporary directory that is deleted by {@link #close()}
     * @param settings further settings of the cluster by Flink's names, such as {@code metrics.reporters}; addresses, ports and
     *     the number of slots are not taken from here
     */
    public record Options(int webPort, int slots, Optional<Path> workDirectory, Map<String, String> settings) {

        /**
         * Checks the ranges.
         *
         * @throws IllegalArgumentException when the port is outside 0..65535, or there is no slot
         */
        public Options {
            Ports.check(webPort, WEB_PORT);
            if (slots < 1) {
                throw new IllegalArgumentException(
                        "The local Flink cluster's slots are " + slots + ", expected at least 1");
            }
            Objects.requireNonNull(workDirectory, "workDirectory");
            settings = Map.copyOf(settings);
        }

        /** Any free port, one slot, a temporary directory, no further settings. */
        public static Options defaults() {
            return new Options(0, 1, Optional.empty(), Map.of());
        }

        /** These options with another port for the web UI, 0 for any that is free. */
        public Options withWebPort(int port) {
            return new Options(port, slots, workDirectory, settings);
        }

        /** These options with another number of slots. */
        public Options withSlots(int count) {
            return new Options(webPort, count, workDirectory, settings);
        }

        /** These options with a work directory that is kept; it is created where it is missing. */
        public Options withWorkDirectory(Path directory) {
            return new Options(webPort, slots, Optional.of(directory), settings);
        }

        /** These options with these further settings of the cluster in place of those there were. */
        public Options withSettings(Map<String, String> newSettings) {
            return new Options(webPort, slots, workDirectory, newSettings);
        }
    }

    /**
     * Starts a cluster and returns when its slots are there and the web UI answers, which takes a few seconds.
     *
     * @throws IOException when the web UI's port is taken, the work directory cannot be used, or the cluster does not start; the
     *     message says which and what to do. Nothing is left running then, nor a temporary directory
     */
    public static LocalFlink start(Options options) throws IOException {
        // A MiniCluster that fails to start leaves its threads behind, so the likely reason is looked for first.
        Ports.requireFree(options.webPort(), WEB_PORT);
        WorkDirectory directory = WorkDirectory.open(options.workDirectory(), "flink-gpt2-flink-");
        try {
            MiniCluster cluster = new MiniCluster(new MiniClusterConfiguration.Builder()
                    .setConfiguration(configuration(options, directory.path()))
                    .setNumTaskManagers(1)
                    .setNumSlotsPerTaskManager(options.slots())
                    .build());
            URI webUrl = start(cluster, options, directory.path());
            return new LocalFlink(directory, cluster, options.slots(), webUrl);
        } catch (Throwable e) {
            try {
                directory.close();
            } catch (IOException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
    }

    private static URI start(MiniCluster cluster, Options options, Path directory) throws IOException {
        try {
            cluster.start();
            int port = cluster.getRestAddress()
                    .get(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                    .getPort();
            URI webUrl = URI.create("http://" + Ports.HOST + ":" + port);
            awaitSlots(webUrl.resolve("/overview"), options.slots());
            return webUrl;
        } catch (Exception e) {
            IOException failure = new IOException(
                    "The local Flink cluster did not start: " + innermost(e) + ". Check the settings "
                            + options.settings() + " and the work directory " + directory + ".",
                    e);
            try {
                stop(cluster);
            } catch (IOException suppressed) {
                failure.addSuppressed(suppressed);
            }
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            throw failure;
        }
    }

    /** Waits until the REST API answers, which it refuses to while leaders are elected, and the TaskManager has registered. */
    private static void awaitSlots(URI overview, int slots) throws IOException, InterruptedException {
        ObjectMapper json = new ObjectMapper();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            HttpURLConnection connection = (HttpURLConnection) overview.toURL().openConnection();
            connection.setReadTimeout((int) PATIENCE.toMillis());
            int status = connection.getResponseCode();
            if (status == HttpURLConnection.HTTP_OK) {
                try (InputStream body = connection.getInputStream()) {
                    if (json.readTree(body).path("slots-total").asInt() == slots) {
                        return;
                    }
                }
            }
            if (System.nanoTime() - deadline > 0) {
                throw new IOException("After " + PATIENCE.toSeconds() + " s " + overview + " answers with status "
                        + status + " and there are not yet " + slots + " slots");
            }
            Thread.sleep(POLL_INTERVAL.toMillis());
        }
    }

    private static Throwable innermost(Throwable e) {
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }

    private static Configuration configuration(Options options, Path directory) {
        Configuration configuration = new Configuration();
        // No operator of ours uses it, and the model's weights need the room.
        configuration.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ZERO);
        // With an order of keys a checkpoint waits for what lies in the exchange.
        configuration.set(TaskManagerOptions.BUFFER_DEBLOAT_ENABLED, true);
        configuration.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, uri(directory.resolve("checkpoints")));
        configuration.set(CheckpointingOptions.SAVEPOINT_DIRECTORY, uri(directory.resolve("savepoints")));

        options.settings().forEach(configuration::setString);

        configuration.set(CoreOptions.TMP_DIRS, directory.resolve("tmp").toString());
        configuration.set(WebOptions.TMP_DIR, directory.resolve("tmp").toString());
        // Whoever can reach the port could otherwise run code as this user. Jobs come by the MiniCluster, never by the
        // port.
        configuration.set(WebAccess.OPTION, WebAccess.READ_ONLY);
        configuration.set(WebOptions.SUBMIT_ENABLE, false);
        configuration.set(WebOptions.CANCEL_ENABLE, false);
        configuration.set(WebOptions.RESCALE_ENABLE, false);
        configuration.set(RestOptions.ADDRESS, Ports.HOST);
        configuration.set(RestOptions.BIND_ADDRESS, Ports.HOST);
        configuration.set(RestOptions.BIND_PORT, Integer.toString(options.webPort()));
        configuration.set(JobManagerOptions.BIND_HOST, Ports.HOST);
        configuration.set(TaskManagerOptions.HOST, Ports.HOST);
        configuration.set(TaskManagerOptions.BIND_HOST, Ports.HOST);
        return configuration;
    }

    private static String uri(Path directory) {
        return directory.toUri().toString();
    }

    /** Returns where the web UI and the REST API are: {@code http://localhost:port}. */
    public URI webUrl() {
        return webUrl;
    }

    /**
     * Returns how many slots the cluster has, which is also the parallelism of an {@link #environment} unless told otherwise.
     */
    public int slots() {
        return slots;
    }

    /** Returns where savepoints go that name no other directory; checkpoints go to {@code checkpoints} beside it. */
    Path savepointDirectory() {
        return workDirectory.path().resolve("savepoints");
    }

    /** Takes a checkpoint of a running job, which the web port does not; completes with its path. */
    public CompletableFuture<String> takeCheckpoint(JobID job) {
        return cluster.triggerCheckpoint(job);
    }

    /** Returns an environment whose jobs run on this cluster. Each call returns a new one. */
    public StreamExecutionEnvironment environment() {
        return environment(new Configuration());
    }

    /**
     * Returns an environment whose jobs run on this cluster.
     *
     * @param configuration the jobs' settings, such as {@code execution.checkpointing.interval} or
     *     {@code execution.state-recovery.path}; it is copied
     */
    public StreamExecutionEnvironment environment(Configuration configuration) {
        Configuration ours = new Configuration(configuration);
        ours.set(DeploymentOptions.TARGET, LocalExecutor.NAME);
        // Makes execute() wait for the job's end.
        ours.set(DeploymentOptions.ATTACHED, true);
        if (!ours.contains(CoreOptions.DEFAULT_PARALLELISM)) {
            ours.set(CoreOptions.DEFAULT_PARALLELISM, slots);
        }
        return new StreamExecutionEnvironment(
                new LocalExecutor(cluster, slots), ours, LocalFlink.class.getClassLoader());
    }

    /**
     * Ends the jobs that still run, stops the cluster within seconds and deletes a temporary work directory. Does nothing the
     * second time, and may be called from a shutdown hook while another thread is in it.
     *
     * @throws IOException when the cluster does not stop in time, or the work directory cannot be deleted
     */
    @Override
    public synchronized void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        try (workDirectory) {
            stop(cluster);
        }
    }

    private static void stop(MiniCluster cluster) throws IOException {
        try {
            cluster.closeAsync().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("Interrupted while the local Flink cluster stopped; it goes on stopping", e);
        } catch (ExecutionException e) {
            throw new IOException("The local Flink cluster did not stop cleanly: " + e.getCause(), e);
        } catch (TimeoutException e) {
            throw new IOException(
                    "The local Flink cluster did not stop within " + PATIENCE.toSeconds()
                            + " s. A thread dump shows which task does not end.",
                    e);
        }
    }
}
