package io.flinkgpt2.local.cluster;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.flinkgpt2.local.web.WebAccess;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.apache.flink.configuration.BlobServerOptions;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.GlobalConfiguration;
import org.apache.flink.configuration.HeartbeatManagerOptions;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.MetricOptions;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.runtime.clusterframework.TaskExecutorProcessSpec;
import org.apache.flink.runtime.clusterframework.TaskExecutorProcessUtils;
import org.apache.flink.runtime.jobmanager.JobManagerProcessSpec;
import org.apache.flink.runtime.jobmanager.JobManagerProcessUtils;
import org.apache.flink.runtime.util.config.memory.ProcessMemoryUtils;

/**
 * The configuration of a standalone Flink cluster on this machine, and the command lines that go with it: what the scripts of a
 * Flink distribution derive from {@code config.yaml}, by the same classes of Flink.
 */
final class FlinkSettings {

    static final String JOB_MANAGER_MAIN = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint";
    static final String TASK_MANAGER_MAIN = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner";

    private static final String HOST = "localhost";
    private static final String REPORTER = "prometheus";
    private static final String REPORTER_FACTORY = "org.apache.flink.metrics.prometheus.PrometheusReporterFactory";

    private static final Path HUGE_PAGES = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");
    private static final MemorySize MOST_YOUNG = MemorySize.ofMebiBytes(64);
    private static final int YOUNG_PART = 8;

    private final ClusterDirectory directory;
    private final Configuration configuration;
    private final OptionalInt metricsPort;
    private final JobManagerProcessSpec jobManager;
    private final TaskExecutorProcessSpec taskManager;

    /**
     * Derives the sizes of the processes.
     *
     * @throws IOException if settings of the user are wrong or contradict each other
     */
    FlinkSettings(ClusterDirectory directory, ClusterOptions options, int rpcPort) throws IOException {
        this.directory = directory;
        this.configuration = configuration(directory, options, rpcPort);
        this.metricsPort = options.metricsPort();
        try {
            jobManager = JobManagerProcessUtils.processSpecFromConfig(configuration);
            taskManager = TaskExecutorProcessUtils.processSpecFromConfig(configuration);
        } catch (RuntimeException e) {
            throw new IOException(
                    "Flink cannot derive the sizes of its processes: " + e.getMessage() + ". Change the settings "
                            + options.flinkSettings() + " or the TaskManager's heap, "
                            + options.taskHeap().toHumanReadableString() + ".",
                    e);
        }
    }

    private static Configuration configuration(ClusterDirectory directory, ClusterOptions options, int rpcPort) {
        Configuration settings = new Configuration();
        settings.set(JobManagerOptions.JVM_HEAP_MEMORY, MemorySize.ofMebiBytes(256));
        settings.set(JobManagerOptions.OFF_HEAP_MEMORY, MemorySize.ofMebiBytes(128));
        settings.set(TaskManagerOptions.FRAMEWORK_HEAP_MEMORY, MemorySize.ofMebiBytes(128));
        settings.set(TaskManagerOptions.FRAMEWORK_OFF_HEAP_MEMORY, MemorySize.ofMebiBytes(128));
        settings.set(TaskManagerOptions.TASK_HEAP_MEMORY, options.taskHeap());
        // No operator of ours uses it, and the model's weights need the room.
        settings.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ZERO);
        // Nothing crosses a network between the source and the sinks, unless answers are in the order of keys.
        settings.set(TaskManagerOptions.NETWORK_MEMORY_MIN, MemorySize.ofMebiBytes(32));
        settings.set(TaskManagerOptions.NETWORK_MEMORY_MAX, MemorySize.ofMebiBytes(32));
        // Then a checkpoint waits for what lies in the exchange.
        settings.set(TaskManagerOptions.BUFFER_DEBLOAT_ENABLED, true);
        // A TaskManager that is gone is found out in seconds; one that is busy is given time.
        settings.set(HeartbeatManagerOptions.HEARTBEAT_INTERVAL, Duration.ofSeconds(2));
        settings.set(HeartbeatManagerOptions.HEARTBEAT_TIMEOUT, Duration.ofSeconds(30));
        settings.set(MetricOptions.METRIC_FETCHER_UPDATE_INTERVAL, Duration.ofSeconds(1));
        settings.set(
                CheckpointingOptions.CHECKPOINTS_DIRECTORY,
                directory.checkpoints().toUri().toString());
        settings.set(
                CheckpointingOptions.SAVEPOINT_DIRECTORY,
                directory.savepoints().toUri().toString());

        options.flinkSettings().forEach(settings::setString);

        settings.set(JobManagerOptions.ADDRESS, HOST);
        settings.set(JobManagerOptions.BIND_HOST, HOST);
        settings.set(JobManagerOptions.PORT, rpcPort);
        settings.set(BlobServerOptions.PORT, "0");
        settings.set(RestOptions.ADDRESS, HOST);
        settings.set(RestOptions.BIND_ADDRESS, HOST);
        settings.set(RestOptions.PORT, options.webPort());
        settings.set(RestOptions.BIND_PORT, Integer.toString(options.webPort()));
        // Clients on this machine submit by this port; pages in a browser on it must not.
        settings.set(WebAccess.OPTION, WebAccess.OWN_PAGES);
        settings.set(TaskManagerOptions.HOST, HOST);
        settings.set(TaskManagerOptions.BIND_HOST, HOST);
        settings.set(TaskManagerOptions.NUM_TASK_SLOTS, options.slots());
        settings.set(CoreOptions.TMP_DIRS, directory.temporary().toString());
        options.metricsPort().ifPresent(port -> reportMetrics(settings, port));
        return settings;
    }

    /** Adds the reporter; where the user has a list of reporters, to that too, for Flink starts no other. */
    private static void reportMetrics(Configuration settings, int port) {
        settings.getOptional(MetricOptions.REPORTERS_LIST)
                .ifPresent(named -> settings.set(MetricOptions.REPORTERS_LIST, named + "," + REPORTER));
        settings.setString("metrics.reporter." + REPORTER + ".factory.class", REPORTER_FACTORY);
        settings.setString(portOption(), Integer.toString(port));
    }

    private static String portOption() {
        return "metrics.reporter." + REPORTER + ".port";
    }

    /** Writes {@code config.yaml}: flat keys, each value in quotes. */
    void write() throws IOException {
        // A string of JSON is one of YAML.
        ObjectMapper json = new ObjectMapper();
        StringBuilder yaml = new StringBuilder();
        for (Map.Entry<String, String> setting : new TreeMap<>(configuration.toMap()).entrySet()) {
            yaml.append(setting.getKey())
                    .append(": ")
                    .append(json.writeValueAsString(setting.getValue()))
                    .append('\n');
        }
        Files.writeString(directory.configuration().resolve("config.yaml"), yaml);
    }

    /** Returns the local directory of checkpoints that the configuration of a cluster names; empty if it is not a local one. */
    static Optional<Path> checkpointDirectory(ClusterDirectory directory) {
        String location = GlobalConfiguration.loadConfiguration(
                        directory.configuration().toString())
                .get(CheckpointingOptions.CHECKPOINTS_DIRECTORY);
        URI uri = URI.create(location);
        if (uri.getScheme() == null) {
            return Optional.of(Path.of(location));
        }
        return uri.getScheme().equals("file") ? Optional.of(Path.of(uri.getPath())) : Optional.empty();
    }

    List<String> jobManagerJvm() {
        return jvm(JobManagerProcessUtils.generateJvmParametersStr(jobManager, configuration));
    }

    List<String> taskManagerJvm() throws IOException {
        List<String> options = jvm(ProcessMemoryUtils.generateJvmParametersStr(taskManager));
        // Weights and caches stay, and may fill more than the two thirds of the heap that the old generation has by
        // default;
        // what is young are records.
        long young = Math.min(
                MOST_YOUNG.getBytes(), taskManager.getJvmHeapMemorySize().getBytes() / YOUNG_PART);
        options.add("-Xmn" + young);
        if (hugePagesOnRequest()) {
            // Reading weights misses the TLB less on huge pages.
            options.add("-XX:+UseTransparentHugePages");
        }
        return options;
    }

    /** Where the system never gives any the JVM would warn. */
    private static boolean hugePagesOnRequest() throws IOException {
        if (!Files.isReadable(HUGE_PAGES)) {
            return false;
        }
        String modes = Files.readString(HUGE_PAGES);
        return modes.contains("[madvise]") || modes.contains("[always]");
    }

    List<String> jobManagerArguments() {
        return arguments(JobManagerProcessUtils.generateDynamicConfigsStr(jobManager));
    }

    List<String> taskManagerArguments() {
        List<String> arguments = arguments(TaskExecutorProcessUtils.generateDynamicConfigsStr(taskManager));
        // Two processes cannot listen on the one port of their common configuration.
        metricsPort.ifPresent(port -> arguments.addAll(List.of("-D", portOption() + "=" + (port + 1))));
        return arguments;
    }

    private static List<String> jvm(String sizes) {
        List<String> options = new ArrayList<>(words(sizes));
        options.add("--add-modules=jdk.incubator.vector");
        // Those that Flink's own configuration file opens to its serializers.
        for (String name : List.of(
                "java.lang",
                "java.lang.reflect",
                "java.io",
                "java.net",
                "java.nio",
                "java.text",
                "java.time",
                "java.util",
                "java.util.concurrent",
                "java.util.concurrent.atomic",
                "java.util.concurrent.locks",
                "sun.nio.ch")) {
            options.add("--add-opens=java.base/" + name + "=ALL-UNNAMED");
        }
        return options;
    }

    private List<String> arguments(String dynamicSettings) {
        List<String> arguments =
                new ArrayList<>(List.of("--configDir", directory.configuration().toString()));
        arguments.addAll(words(dynamicSettings));
        return arguments;
    }

    private static List<String> words(String line) {
        return Arrays.stream(line.strip().split("\\s+"))
                .filter(word -> !word.isEmpty())
                .toList();
    }
}
