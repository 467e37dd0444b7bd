package io.flinkgpt2.local.cluster;

import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import org.apache.flink.configuration.MemorySize;

/**
 * How a cluster is started.
 *
 * @param kafkaPort port of the broker, 0 for any that is free
 * @param webPort port of Flink's REST API and web UI, 0 for any that is free
 * @param slots of the TaskManager, at least 1
 * @param taskHeap the heap of the TaskManager that is left to the job: weights, KV caches and scratch
 * @param metricsPort port where the JobManager tells Prometheus its metrics; the TaskManager has the next one. Empty for none
 * @param logFormat the form of the lines in the logs of all processes
 * @param flinkSettings further settings by Flink's names, which win over those that are chosen here
 */
public record ClusterOptions(
        int kafkaPort,
        int webPort,
        int slots,
        MemorySize taskHeap,
        OptionalInt metricsPort,
        LogFormat logFormat,
        Map<String, String> flinkSettings) {

    private static final int MAX_PORT = 65_535;

    /** Enough for the bundled model and small ones: {@code gpt2} in float32 takes {@code 1g}. */
    public static final MemorySize DEFAULT_TASK_HEAP = MemorySize.ofMebiBytes(512);

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException if a port is outside 0..65535, that of the metrics outside 1..65534, or there is no slot
     */
    public ClusterOptions {
        requirePort("Kafka", kafkaPort);
        requirePort("the web UI", webPort);
        if (slots < 1) {
            throw new IllegalArgumentException("slots: found " + slots + ", expected at least 1");
        }
        Objects.requireNonNull(taskHeap, "taskHeap");
        Objects.requireNonNull(logFormat, "logFormat");
        metricsPort.ifPresent(ClusterOptions::requireMetricsPort);
        flinkSettings = Map.copyOf(flinkSettings);
    }

    /** Returns these options with ports of broker and web UI that were chosen. */
    ClusterOptions withPorts(int kafka, int web) {
        return new ClusterOptions(kafka, web, slots, taskHeap, metricsPort, logFormat, flinkSettings);
    }

    private static void requireMetricsPort(int port) {
        if (port < 1 || port >= MAX_PORT) {
            throw new IllegalArgumentException("port of the metrics: found " + port + ", expected 1.." + (MAX_PORT - 1)
                    + ", for the TaskManager has the next one");
        }
    }

    private static void requirePort(String what, int port) {
        if (port < 0 || port > MAX_PORT) {
            throw new IllegalArgumentException("port of " + what + ": found " + port + ", expected 1.." + MAX_PORT
                    + ", or 0 for any that is free");
        }
    }
}
