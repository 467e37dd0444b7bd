package io.flinkgpt2.cli.topic;

import io.flinkgpt2.job.InvalidOptionException;
import io.flinkgpt2.job.kafka.ConnectionFailures;
import io.flinkgpt2.job.kafka.KafkaAccessException;
import io.flinkgpt2.job.kafka.TopicAccess;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.acl.AclOperation;
import picocli.CommandLine.Option;

/** The broker that a command talks to, and how. */
public final class KafkaArguments {

    private static final int TIMEOUT_MS = 30_000;

    @Option(
            names = {"--bootstrap-servers", "--kafka.bootstrap.servers"},
            paramLabel = "HOST:PORT",
            description = "Addresses of Kafka brokers, separated by commas (default: localhost:9092).")
    private String servers;

    @Option(
            names = "--kafka",
            paramLabel = "NAME=VALUE",
            description = "A property of the Kafka client, such as security.protocol=SSL; may be given several times.")
    private Map<String, String> properties = new HashMap<>();

    @Option(
            names = "--command-config",
            paramLabel = "FILE",
            description =
                    "File of properties of the Kafka client, as Kafka's own tools take it. For passwords, which the"
                            + " command line would show to every user of this machine. Options given beside it win (default: none).")
    private Path file;

    /**
     * Returns the properties of a client, of which some are not the user's to set.
     *
     * @throws InvalidOptionException if the file of properties cannot be read
     */
    Map<String, Object> properties(Map<String, Object> ours) {
        Map<String, Object> all = new HashMap<>(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:9092"));
        all.putAll(fileProperties());
        all.putAll(properties);
        if (servers != null) {
            all.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, servers);
        }
        all.putAll(ours);
        return all;
    }

    private Map<String, String> fileProperties() {
        Map<String, String> given = new HashMap<>();
        if (file != null) {
            Properties lines = new Properties();
            try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
                lines.load(reader);
            } catch (IOException | IllegalArgumentException e) {
                throw new InvalidOptionException(
                        "--command-config",
                        file + ", which cannot be read (" + e + ")",
                        "lines of Kafka's NAME=VALUE in UTF-8",
                        e);
            }
            lines.stringPropertyNames().forEach(name -> given.put(name, lines.getProperty(name)));
        }
        return given;
    }

    /** @throws KafkaAccessException if the broker cannot be reached, has no such topic, or does not allow the operation */
    void requireTopic(String topic, AclOperation operation) throws InterruptedException {
        Map<String, Object> all = properties(Map.of(
                AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG,
                TIMEOUT_MS,
                AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG,
                TIMEOUT_MS));
        String address = String.valueOf(all.get(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG));
        try (Admin admin = Admin.create(all)) {
            TopicAccess.require(admin, address, Map.of(topic, operation), "--topic");
        } catch (KafkaException e) {
            throw ConnectionFailures.of(address, e);
        }
    }
}
