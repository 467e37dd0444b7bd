package io.flinkgpt2.job.cluster;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.metadata.storage.Formatter;

/** The configuration of a Kafka node that is broker and controller, as a process of its own. */
final class BrokerFiles {

    static final String MAIN = "kafka.Kafka";

    private static final String CLUSTER_ID = "flink-gpt2-cluster";
    private static final int NODE_ID = 1;

    private final ClusterDirectory directory;

    BrokerFiles(ClusterDirectory directory) {
        this.directory = directory;
    }

    List<String> arguments() {
        return List.of(file().toString());
    }

    private Path file() {
        return directory.configuration().resolve("server.properties");
    }

    /**
     * Writes the node's properties, and formats its directory if it is new.
     *
     * @throws IOException if they cannot be written
     */
    void write(int port, int controllerPort) throws IOException {
        Properties properties = settings(port, controllerPort);
        try (Writer writer = Files.newBufferedWriter(file())) {
            properties.store(writer, null);
        }
        try (PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)) {
            new Formatter()
                    .setPrintStream(nowhere)
                    .setClusterId(CLUSTER_ID)
                    .setNodeId(NODE_ID)
                    .setControllerListenerName("CONTROLLER")
                    .setIgnoreFormatted(true)
                    .addDirectory(directory.topics().toString())
                    .run();
        } catch (IOException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException(
                    "The broker cannot use the directory " + directory.topics() + ": " + e.getMessage()
                            + ". Name another directory for the cluster.",
                    e);
        }
    }

    private Properties settings(int port, int controllerPort) {
        Properties settings = new Properties();
        settings.setProperty("process.roles", "broker,controller");
        settings.setProperty("node.id", Integer.toString(NODE_ID));
        settings.setProperty("controller.quorum.voters", NODE_ID + "@localhost:" + controllerPort);
        settings.setProperty("controller.listener.names", "CONTROLLER");
        settings.setProperty(
                "listeners", "PLAINTEXT://localhost:" + port + ",CONTROLLER://localhost:" + controllerPort);
        settings.setProperty("log.dirs", directory.topics().toString());
        // There is one broker, and its internal topics are small.
        for (String prefix : List.of("offsets.topic.", "transaction.state.log.", "share.coordinator.state.topic.")) {
            settings.setProperty(prefix + "replication.factor", "1");
            settings.setProperty(prefix + "num.partitions", "1");
        }
        settings.setProperty("transaction.state.log.min.isr", "1");
        settings.setProperty("share.coordinator.state.topic.min.isr", "1");
        // A topic that nobody created is a mistake in a name, not a wish.
        settings.setProperty("auto.create.topics.enable", "false");
        settings.setProperty("group.initial.rebalance.delay.ms", "0");
        // Compaction of the internal topics takes 128 MiB of heap unless told otherwise.
        settings.setProperty("log.cleaner.dedupe.buffer.size", Integer.toString(4 << 20));
        return settings;
    }
}
