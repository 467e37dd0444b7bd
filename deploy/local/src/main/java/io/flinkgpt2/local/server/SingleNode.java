package io.flinkgpt2.local.server;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.metadata.storage.Formatter;

/** A Kafka node that is broker and KRaft controller at once, and alone: its properties and its data directory. */
public final class SingleNode {

    /** The listener that clients connect to. */
    public static final String BROKER = "PLAINTEXT";

    /** The listener that the node connects to itself. */
    public static final String CONTROLLER = "CONTROLLER";

    private static final int NODE_ID = 1;

    private SingleNode() {}

    /** Returns a new {@code server.properties}, by Kafka's names; the caller may add to it. */
    public static Map<String, String> settings(Path dataDirectory, int brokerPort, int controllerPort) {
        String brokerListener = BROKER + "://" + Ports.HOST + ":" + brokerPort;
        String controllerListener = CONTROLLER + "://" + Ports.HOST + ":" + controllerPort;
        Map<String, String> settings = new HashMap<>();
        settings.put("process.roles", "broker,controller");
        settings.put("node.id", Integer.toString(NODE_ID));
        settings.put("controller.quorum.voters", NODE_ID + "@" + Ports.HOST + ":" + controllerPort);
        settings.put("controller.listener.names", CONTROLLER);
        settings.put("inter.broker.listener.name", BROKER);
        settings.put("listener.security.protocol.map", BROKER + ":PLAINTEXT," + CONTROLLER + ":PLAINTEXT");
        settings.put("listeners", brokerListener + "," + controllerListener);
        settings.put("advertised.listeners", brokerListener + "," + controllerListener);
        settings.put("log.dirs", dataDirectory.toString());

        // There is one broker, and its internal topics are small.
        for (String prefix : List.of("offsets.topic.", "transaction.state.log.", "share.coordinator.state.topic.")) {
            settings.put(prefix + "replication.factor", "1");
            settings.put(prefix + "num.partitions", "1");
        }
        settings.put("transaction.state.log.min.isr", "1");
        settings.put("share.coordinator.state.topic.min.isr", "1");
        settings.put("num.partitions", "1");

        // A topic that nobody created is a mistake in a name, not a wish.
        settings.put("auto.create.topics.enable", "false");
        settings.put("group.initial.rebalance.delay.ms", "0");
        // The most that a sink may ask for, as in a broker's own default.
        settings.put("transaction.max.timeout.ms", "900000");

        // Compaction of the internal topics takes 128 MiB of heap unless told otherwise.
        settings.put("log.cleaner.dedupe.buffer.size", Integer.toString(4 << 20));
        return settings;
    }

    /**
     * Formats the data directory if it is new.
     *
     * @param clusterId of the node; a directory of another cluster is refused
     * @throws Exception what Kafka throws, which may be anything, when the directory cannot be used
     */
    public static void format(Path dataDirectory, String clusterId) throws Exception {
        try (PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)) {
            new Formatter()
                    .setPrintStream(nowhere)
                    .setClusterId(clusterId)
                    .setNodeId(NODE_ID)
                    .setControllerListenerName(CONTROLLER)
                    .setIgnoreFormatted(true)
                    .addDirectory(dataDirectory.toString())
                    .run();
        }
    }
}
