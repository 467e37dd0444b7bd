package io.flinkgpt2.local.embedded;

import io.flinkgpt2.local.server.Ports;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * A Kafka broker inside this process: one KRaft node, broker and controller at once, listening on {@code localhost} only.
 *
 * <ul>
 *   <li>It is a real broker: transactions, consumer groups and retention work as on any other.
 *   <li>Replication factors are 1, and topics are not created by being used: see {@link #createTopic}.
 *   <li>Any number of them can run in a process, each on its own port and data directory.
 *   <li>A fault of the broker is logged and never ends the process.
 * </ul>
 */
public final class EmbeddedKafka implements AutoCloseable {

    /** How long the broker may take over an administrative request. */
    private static final Duration ADMIN_TIMEOUT = Duration.ofSeconds(30);

    private static final Duration POLL_INTERVAL = Duration.ofMillis(20);

    private final WorkDirectory dataDirectory;
    private final KafkaNode node;
    private boolean closed;

    private EmbeddedKafka(WorkDirectory dataDirectory, KafkaNode node) {
        this.dataDirectory = dataDirectory;
        this.node = node;
    }

    /**
     * How a broker is started. Begin with {@link #defaults()} and change what is needed.
     *
     * @param port the port to listen on, 0 for any that is free
     * @param dataDirectory where topics are kept; it stays after {@link #close()}, and a broker started on it again has the same
     *     topics. Empty for a temporary directory that is deleted by {@link #close()}
     * @param messageMaxBytes the largest record batch the broker takes, in bytes; empty for Kafka's default, about 1 MiB
     * @param listeners further listeners on free ports, by name, with Kafka's security protocol of each
     * @param settings further settings of the node by Kafka's names; its own, such as addresses, win
     */
    public record Options(
            int port,
            Optional<Path> dataDirectory,
            OptionalInt messageMaxBytes,
            Map<String, String> listeners,
            Map<String, String> settings) {

        /**
         * Checks the ranges.
         *
         * @throws IllegalArgumentException when the port is outside 0..65535, or the message size is not positive
         */
        public Options {
            Ports.check(port, "The embedded Kafka broker's port");
            Objects.requireNonNull(dataDirectory, "dataDirectory");
            Objects.requireNonNull(messageMaxBytes, "messageMaxBytes");
            if (messageMaxBytes.isPresent() && messageMaxBytes.getAsInt() < 1) {
                throw new IllegalArgumentException(
                        "messageMaxBytes is " + messageMaxBytes.getAsInt() + ", expected at least 1");
            }
            listeners = Map.copyOf(listeners);
            settings = Map.copyOf(settings);
        }

        /** Any free port, a temporary directory, Kafka's own limit on records, one listener without security. */
        public static Options defaults() {
            return new Options(0, Optional.empty(), OptionalInt.empty(), Map.of(), Map.of());
        }

        /** These options with another port, 0 for any that is free. */
        public Options withPort(int newPort) {
            return new Options(newPort, dataDirectory, messageMaxBytes, listeners, settings);
        }

        /** These options with a data directory that is kept; it is created where it is missing. */
        public Options withDataDirectory(Path directory) {
            return new Options(port, Optional.of(directory), messageMaxBytes, listeners, settings);
        }

        /** These options with another limit on the size of a record batch, in bytes. */
        public Options withMessageMaxBytes(int bytes) {
            return new Options(port, dataDirectory, OptionalInt.of(bytes), listeners, settings);
        }

        /**
         * These options with these further listeners in place of those there were: capital letters, each with
         * {@code PLAINTEXT}, {@code SSL}, {@code SASL_PLAINTEXT} or {@code SASL_SSL}.
         */
        public Options withListeners(Map<String, String> protocols) {
            return new Options(port, dataDirectory, messageMaxBytes, protocols, settings);
        }

        /** These options with these further settings of the node in place of those there were. */
        public Options withSettings(Map<String, String> newSettings) {
            return new Options(port, dataDirectory, messageMaxBytes, listeners, newSettings);
        }
    }

    /**
     * Starts a broker and returns when it serves clients, which takes a few seconds.
     *
     * @throws IOException when the port is taken, the data directory cannot be used, or the broker does not start; the message
     *     says which and what to do. Nothing is left running then, nor a temporary directory
     */
    public static EmbeddedKafka start(Options options) throws IOException {
        WorkDirectory directory = WorkDirectory.open(options.dataDirectory(), "flink-gpt2-kafka-");
        try {
            KafkaNode node = new KafkaNode(options, directory.path());
            node.start();
            return new EmbeddedKafka(directory, node);
        } catch (Throwable e) {
            try {
                directory.close();
            } catch (IOException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
    }

    /** Returns the address for clients, as in {@code bootstrap.servers}: {@code localhost:port}. */
    public String bootstrapServers() {
        return Ports.HOST + ":" + node.port();
    }

    /**
     * Returns the address of a further listener, for clients.
     *
     * @throws IllegalArgumentException when the broker was started without it
     */
    public String bootstrapServers(String listener) {
        return Ports.HOST + ":" + node.port(listener);
    }

    /** Returns the port that the broker listens on. */
    public int port() {
        return node.port();
    }

    /** Returns where the broker keeps its topics. */
    Path dataDirectory() {
        return dataDirectory.path();
    }

    /**
     * Creates a topic and returns when every partition of it can be written. A topic that exists with as many partitions is
     * left as it is, its configuration too.
     *
     * @param partitions how many, at least 1
     * @param config the topic's own settings by Kafka's names, such as {@code max.message.bytes}
     * @return whether the topic is new
     * @throws IOException when the broker refuses the name or a setting, does not answer in time, or has the topic with another
     *     number of partitions
     */
    public boolean createTopic(String name, int partitions, Map<String, String> config)
            throws IOException, InterruptedException {
        if (partitions < 1) {
            throw new IllegalArgumentException(
                    "Topic " + name + " needs at least 1 partition, found " + partitions + " asked for");
        }
        long deadline = System.nanoTime() + ADMIN_TIMEOUT.toNanos();
        try (Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers()))) {
            boolean created = create(admin, new NewTopic(name, partitions, (short) 1).configs(config));
            while (true) {
                Optional<TopicDescription> topic = describe(admin, name);
                if (topic.isPresent() && topic.get().partitions().size() != partitions) {
                    throw new IOException("Topic " + name + " exists with "
                            + topic.get().partitions().size() + " partitions, expected " + partitions
                            + ". Ask for as many, or delete the topic or the data directory first.");
                }
                if (topic.isPresent() && topic.get().partitions().stream().allMatch(EmbeddedKafka::hasLeader)) {
                    return created;
                }
                if (System.nanoTime() - deadline > 0) {
                    throw new IOException("Topic " + name + " was created, but after " + ADMIN_TIMEOUT.toSeconds()
                            + " s not every partition has a leader: " + topic + ". See the broker's log.");
                }
                Thread.sleep(POLL_INTERVAL.toMillis());
            }
        }
    }

    private static boolean hasLeader(TopicPartitionInfo partition) {
        return partition.leader() != null && !partition.leader().isEmpty();
    }

    private static boolean create(Admin admin, NewTopic topic) throws IOException, InterruptedException {
        try {
            admin.createTopics(List.of(topic)).all().get(ADMIN_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
            return true;
        } catch (ExecutionException | TimeoutException e) {
            if (e.getCause() instanceof TopicExistsException) {
                return false;
            }
            throw refused("create", topic.name(), e);
        }
    }

    /** Returns the topic as the broker knows it; empty while the controller has not told it yet. */
    private static Optional<TopicDescription> describe(Admin admin, String name)
            throws IOException, InterruptedException {
        try {
            return Optional.of(admin.describeTopics(List.of(name))
                    .allTopicNames()
                    .get(ADMIN_TIMEOUT.toSeconds(), TimeUnit.SECONDS)
                    .get(name));
        } catch (ExecutionException | TimeoutException e) {
            if (e.getCause() instanceof UnknownTopicOrPartitionException) {
                return Optional.empty();
            }
            throw refused("describe", name, e);
        }
    }

    private static IOException refused(String what, String topic, Exception e) {
        Throwable reason = e.getCause() == null ? e : e.getCause();
        return new IOException("The embedded Kafka broker could not " + what + " topic " + topic + ": " + reason, e);
    }

    /**
     * Stops the broker within seconds and deletes its temporary data directory. Clients should be closed first. Does nothing
     * the second time, and may be called from a shutdown hook while another thread is in it.
     *
     * @throws IOException when the data directory cannot be deleted
     */
    @Override
    public synchronized void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        try (dataDirectory) {
            node.stop();
        }
    }
}
