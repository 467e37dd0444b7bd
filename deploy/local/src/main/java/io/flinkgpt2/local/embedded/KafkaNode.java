package io.flinkgpt2.local.embedded;

import io.flinkgpt2.local.server.Ports;
import io.flinkgpt2.local.server.SingleNode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import kafka.server.BrokerServer;
import kafka.server.ControllerServer;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.server.Server;
import kafka.server.SharedServer;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.bootstrap.BootstrapMetadata;
import org.apache.kafka.metadata.properties.MetaPropertiesEnsemble;
import org.apache.kafka.raft.QuorumConfig;
import org.apache.kafka.server.fault.LoggingFaultHandler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Tuple2;

/**
 * A Kafka node that is broker and KRaft controller at once, put together from Kafka's own parts.
 *
 * <p>{@link KafkaRaftServer} puts the same parts together, but halts the JVM on a fatal fault and opens its sockets itself.
 * Inside somebody else's process a fault has to be an error, and the sockets are open before ({@link ListenerSockets}).
 */
final class KafkaNode {

    private static final Logger LOG = LoggerFactory.getLogger(KafkaNode.class);

    /** Fixed, so that a data directory can be opened again and one of another cluster is refused. */
    private static final String CLUSTER_ID = "flink-gpt2-embedded";

    /** Kafka's default of {@code socket.request.max.bytes}. */
    private static final int REQUEST_MAX_BYTES = 100 << 20;

    /** Maximum size of a produce request beside its record batch, in bytes: a generous guess. */
    private static final int REQUEST_OVERHEAD_BYTES = 1 << 20;

    private static final Duration SIGN_OFF_TIMEOUT = Duration.ofSeconds(5);

    private final ListenerSockets sockets;
    private final BrokerServer broker;
    private final ControllerServer controller;
    private final Path dataDirectory;
    private final int port;
    private final Map<String, Integer> furtherPorts = new TreeMap<>();
    private boolean started;

    /**
     * Opens the sockets and formats the data directory if it is new. Nothing runs yet.
     *
     * @throws IOException when a port is taken, or the data directory cannot be used
     */
    KafkaNode(EmbeddedKafka.Options options, Path dataDirectory) throws IOException {
        this.dataDirectory = dataDirectory;
        sockets = new ListenerSockets();
        try {
            port = sockets.listen(SingleNode.BROKER, options.port());
            int controllerPort = sockets.listen(SingleNode.CONTROLLER, 0);
            for (String listener : options.listeners().keySet()) {
                furtherPorts.put(listener, sockets.listen(listener, 0));
            }
            format(dataDirectory);
            KafkaConfig config =
                    new KafkaConfig(settings(options, dataDirectory, port, controllerPort, furtherPorts), false);
            Tuple2<MetaPropertiesEnsemble, BootstrapMetadata> directories =
                    KafkaRaftServer.initializeLogDirs(config, LOG, "[embedded Kafka] ");
            SharedServer shared = new SharedServer(
                    config,
                    directories._1(),
                    Time.SYSTEM,
                    Server.initializeMetrics(config, Time.SYSTEM, CLUSTER_ID),
                    CompletableFuture.completedFuture(QuorumConfig.parseVoterConnections(
                            config.quorumConfig().voters())),
                    List.of(),
                    (name, fatal, action) -> new LoggingFaultHandler(name, action),
                    sockets);
            broker = new BrokerServer(shared);
            controller = new ControllerServer(shared, KafkaRaftServer.configSchema(), directories._2());
        } catch (Throwable e) {
            // Scala throws checked exceptions undeclared.
            try {
                sockets.close();
            } catch (IOException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
    }

    /** Returns the port that clients connect to. */
    int port() {
        return port;
    }

    /**
     * Returns the port of a further listener.
     *
     * @throws IllegalArgumentException when there is none of that name
     */
    int port(String listener) {
        Integer found = furtherPorts.get(listener);
        if (found == null) {
            throw new IllegalArgumentException(
                    "listener: found " + listener + ", expected one of " + furtherPorts.keySet());
        }
        return found;
    }

    /**
     * Starts controller and broker and returns when the broker serves clients.
     *
     * @throws IOException when one of them does not start; nothing is left running then
     */
    void start() throws IOException {
        try {
            controller.startup();
            broker.startup();
            started = true;
        } catch (Throwable e) {
            try {
                stop();
            } catch (IOException | RuntimeException suppressed) {
                e.addSuppressed(suppressed);
            }
            if (e instanceof Error error) {
                throw error;
            }
            throw new IOException(
                    "The embedded Kafka broker did not start on port " + port + " with the data directory "
                            + dataDirectory + ": " + e.getMessage() + ". The broker's log says more.",
                    e);
        }
    }

    /** Stops the broker, then the controller, which the broker signs off from, and waits for both. */
    void stop() throws IOException {
        try (sockets) {
            if (started) {
                signOff();
            }
            broker.shutdown();
        } finally {
            controller.shutdown();
        }
    }

    /**
     * Tells the controller that the broker goes. Without it a node that starts again on the same data directory is taken for a
     * second broker until the session of the first has run out, which takes some ten seconds.
     */
    private void signOff() {
        broker.lifecycleManager().beginControlledShutdown();
        try {
            broker.lifecycleManager().controlledShutdownFuture().get(SIGN_OFF_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("The embedded Kafka broker stops without having signed off from its controller.", e);
        }
    }

    private static void format(Path dataDirectory) throws IOException {
        try {
            SingleNode.format(dataDirectory, CLUSTER_ID);
        } catch (Exception e) {
            throw new IOException(
                    "The embedded Kafka broker cannot use the data directory " + dataDirectory + ": " + e.getMessage()
                            + ". Name an empty directory, or one that an embedded broker of this project wrote.",
                    e);
        }
    }

    /** Returns the node's {@code server.properties}, by Kafka's names; {@code furtherPorts} by listener. */
    static Map<String, String> settings(
            EmbeddedKafka.Options options,
            Path dataDirectory,
            int brokerPort,
            int controllerPort,
            Map<String, Integer> furtherPorts) {
        Map<String, String> settings = SingleNode.settings(dataDirectory, brokerPort, controllerPort);
        furtherPorts.forEach((listener, listenerPort) -> {
            String address = "," + listener + "://" + Ports.HOST + ":" + listenerPort;
            settings.merge("listeners", address, String::concat);
            settings.merge("advertised.listeners", address, String::concat);
            settings.merge(
                    "listener.security.protocol.map",
                    "," + listener + ":" + options.listeners().get(listener),
                    String::concat);
        });
        options.settings().forEach(settings::putIfAbsent);
        // It would wait minutes for a controller that never ran when the start fails, and there is nobody to hand
        // leadership to.
        settings.put("controlled.shutdown.enable", "false");

        options.messageMaxBytes().ifPresent(bytes -> {
            settings.put("message.max.bytes", Integer.toString(bytes));
            settings.put("replica.fetch.max.bytes", Integer.toString(bytes));
            long request = Math.max(REQUEST_MAX_BYTES, (long) bytes + REQUEST_OVERHEAD_BYTES);
            settings.put("socket.request.max.bytes", Long.toString(Math.min(request, Integer.MAX_VALUE)));
        });
        return settings;
    }
}
