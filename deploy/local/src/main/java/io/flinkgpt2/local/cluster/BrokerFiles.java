package io.flinkgpt2.local.cluster;

import io.flinkgpt2.local.server.SingleNode;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;

/** The configuration of a Kafka node that is broker and controller, as a process of its own. */
final class BrokerFiles {

    static final String MAIN = "kafka.Kafka";

    private static final String CLUSTER_ID = "flink-gpt2-cluster";

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
        Properties properties = new Properties();
        properties.putAll(SingleNode.settings(directory.topics(), port, controllerPort));
        try (Writer writer = Files.newBufferedWriter(file())) {
            properties.store(writer, null);
        }
        try {
            SingleNode.format(directory.topics(), CLUSTER_ID);
        } catch (IOException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException(
                    "The broker cannot use the directory " + directory.topics() + ": " + e.getMessage()
                            + ". Name another directory for the cluster.",
                    e);
        }
    }
}
