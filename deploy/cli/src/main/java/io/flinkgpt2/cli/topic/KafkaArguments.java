package io.flinkgpt2.cli.topic;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthorizationException;
import picocli.CommandLine.Option;

/** The broker that a command talks to. */
public final class KafkaArguments {

    private static final int TIMEOUT_MS = 30_000;

    @Option(
            names = {"--bootstrap-servers", "--kafka.bootstrap.servers"},
            paramLabel = "HOST:PORT",
            defaultValue = "localhost:9092",
            description = "Addresses of Kafka brokers, separated by commas (default: localhost:9092).")
    private String servers;

    @Option(
            names = "--kafka",
            paramLabel = "NAME=VALUE",
            description = "A property of the Kafka client, such as security.protocol=SSL; may be given several times.")
    private Map<String, String> properties = new HashMap<>();

    /** Returns the properties of a client, of which some are not the user's to set. */
    Map<String, Object> properties(Map<String, Object> ours) {
        Map<String, Object> all = new HashMap<>(properties);
        all.put("bootstrap.servers", servers);
        all.putAll(ours);
        return all;
    }

    /** @throws IOException if the broker cannot be reached, or has no such topic */
    void requireTopic(String topic) throws IOException, InterruptedException {
        Map<String, Object> ours = Map.of(
                AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, TIMEOUT_MS, AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, TIMEOUT_MS);
        try (Admin admin = Admin.create(properties(ours))) {
            Set<String> topics = admin.listTopics().names().get();
            if (!topics.contains(topic)) {
                throw new IOException("topic " + topic + " does not exist at " + servers + "; create it, or name another by --topic");
            }
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof AuthorizationException)) {
                throw unreachable(e.getCause());
            }
        } catch (KafkaException e) {
            throw unreachable(e.getCause() == null ? e : e.getCause());
        }
    }

    private IOException unreachable(Throwable cause) {
        return new IOException(
                "cannot ask Kafka at " + servers + " for its topics (" + cause
                        + "); check --bootstrap-servers, that the broker runs, and the security options",
                cause);
    }
}
