package io.flinkgpt2.cli.cluster;

import io.flinkgpt2.cli.common.Home;
import io.flinkgpt2.cli.common.JobStart;
import io.flinkgpt2.cli.common.Slots;
import io.flinkgpt2.job.InvalidOptionException;
import io.flinkgpt2.local.cluster.ClusterOptions;
import io.flinkgpt2.local.cluster.ClusterState;
import io.flinkgpt2.local.cluster.ClusterTopics;
import io.flinkgpt2.local.cluster.LogFormat;
import io.flinkgpt2.local.cluster.ProcessCluster;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.apache.flink.configuration.MemorySize;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cluster start}: broker, JobManager and TaskManager, and the job's topics. */
@Command(
        name = "start",
        mixinStandardHelpOptions = true,
        description = {
            "Starts a Kafka broker, a JobManager and a TaskManager, creates the topics, and returns.",
            "They run until 'flink-gpt2 cluster stop', on localhost only; nothing restarts a process that has ended."
        })
final class ClusterStartCommand implements Callable<Integer> {

    private static final int LAST_PORT = 65_535;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ClusterArguments arguments;

    @Option(
            names = "--kafka-port",
            paramLabel = "P",
            defaultValue = "9092",
            description = "Port of the broker (default: 9092; 0: any).")
    private int kafkaPort;

    @Option(
            names = "--web-port",
            paramLabel = "W",
            defaultValue = "8081",
            description = "Port of Flink's REST API and web UI (default: 8081; 0: any).")
    private int webPort;

    @Option(
            names = "--slots",
            paramLabel = "N",
            description = "Slots of the TaskManager, and partitions of each topic (default: one a core).")
    private Integer slots;

    @Option(
            names = "--heap",
            paramLabel = "SIZE",
            description =
                    "Heap of the TaskManager for weights and caches, such as 2g (default: 512m, for the bundled model).")
    private String heap;

    @Option(
            names = "--metrics-port",
            paramLabel = "P",
            description =
                    "Port of the JobManager's metrics for Prometheus; the TaskManager has the next one. Whoever can reach"
                            + " this machine can read them (default: none).")
    private Integer metricsPort;

    @Option(
            names = "--log-format",
            paramLabel = "FORMAT",
            defaultValue = "${env:FLINK_GPT2_LOG_FORMAT:-text}",
            description = "Logs of the processes: text, or json for one object a line (default: $FLINK_GPT2_LOG_FORMAT,"
                    + " else text).")
    private LogFormat logFormat;

    @Option(
            names = "-D",
            paramLabel = "KEY=VALUE",
            description = "A setting of Flink; addresses, ports and slots are not taken from here.")
    private final Map<String, String> settings = new LinkedHashMap<>();

    @Override
    public Integer call() throws Exception {
        JobStart.requirePort("--kafka-port", kafkaPort);
        JobStart.requirePort("--web-port", webPort);
        int count = Slots.orDefault(spec.commandLine(), slots, "--slots");
        ClusterOptions options =
                new ClusterOptions(kafkaPort, webPort, count, heap(), metricsPort(), logFormat, settings);
        ProcessCluster cluster = arguments.cluster();
        spec.commandLine().getErr().println("Starting Kafka and Flink...");
        ClusterState state = cluster.start(options, Home.installation());
        ClusterTopics.create(state.bootstrapServers(), List.of("prompts", "completions", "dead-letters"), count);
        describe(spec.commandLine().getOut(), cluster, state);
        return 0;
    }

    private OptionalInt metricsPort() {
        if (metricsPort == null) {
            return OptionalInt.empty();
        }
        if (metricsPort < 1 || metricsPort >= LAST_PORT) {
            throw new InvalidOptionException(
                    "--metrics-port",
                    String.valueOf(metricsPort),
                    "1.." + (LAST_PORT - 1) + ", for the TaskManager has the next one");
        }
        return OptionalInt.of(metricsPort);
    }

    private MemorySize heap() {
        if (heap == null) {
            return ClusterOptions.DEFAULT_TASK_HEAP;
        }
        try {
            return MemorySize.parse(heap);
        } catch (IllegalArgumentException e) {
            throw new InvalidOptionException("--heap", "'" + heap + "'", "a size such as 512m or 2g", e);
        }
    }

    private void describe(PrintWriter out, ProcessCluster cluster, ClusterState state) {
        out.println("Kafka      " + state.bootstrapServers());
        out.println("Flink UI   " + state.webUrl());
        out.println("Slots      " + state.slots());
        if (metricsPort != null) {
            out.println("Metrics    http://localhost:" + metricsPort + "/metrics of the JobManager, http://localhost:"
                    + (metricsPort + 1) + "/metrics of the TaskManager");
        }
        out.println("Topics     prompts, completions, dead-letters");
        out.println("Logs       " + cluster.logs());
        out.println("FLINK_CONF_DIR=" + cluster.configuration());
        out.println();
        out.println("flink-gpt2 submit     hands it the job; flink-gpt2 cluster stop ends all.");
        out.flush();
    }
}
