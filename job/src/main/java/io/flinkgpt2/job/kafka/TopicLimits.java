package io.flinkgpt2.job.kafka;

import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The limits that Kafka sets the job, asked of the brokers when the job is put together: that its topics exist, the size of a
 * record, so that none can make a sink fail, and how long a transaction may stay open.
 *
 * @param completionBytes the most bytes of one record of the completions topic
 * @param deadLetterBytes the most bytes of one record of the dead-letters topic
 * @param maxTransactionTimeout the longest {@code transaction.timeout.ms} that every broker allows
 */
public record TopicLimits(int completionBytes, int deadLetterBytes, Duration maxTransactionTimeout) {

    /** Kafka's default of {@code max.message.bytes}. */
    static final int DEFAULT_MAX_MESSAGE_BYTES = 1_048_588;

    /** Kafka's default of {@code transaction.max.timeout.ms}. */
    static final Duration DEFAULT_MAX_TRANSACTION_TIMEOUT = Duration.ofMinutes(15);

    private static final Logger LOG = LoggerFactory.getLogger(TopicLimits.class);
    private static final long TIMEOUT_MS = 30_000;
    private static final String TRANSACTION_MAX_TIMEOUT = "transaction.max.timeout.ms";

    /** Limits of brokers and topics that keep Kafka's defaults. */
    public static TopicLimits defaults() {
        return new TopicLimits(DEFAULT_MAX_MESSAGE_BYTES, DEFAULT_MAX_MESSAGE_BYTES, DEFAULT_MAX_TRANSACTION_TIMEOUT);
    }

    /**
     * Asks the brokers.
     *
     * @throws KafkaAccessException if the broker cannot be reached, a topic does not exist or the user may not read or write it
     */
    public static TopicLimits of(KafkaSettings settings) {
        Map<String, AclOperation> topics = new LinkedHashMap<>();
        topics.put(settings.promptsTopic(), AclOperation.READ);
        topics.put(settings.completionsTopic(), AclOperation.WRITE);
        topics.put(settings.deadLettersTopic(), AclOperation.WRITE);
        try (Admin admin = Admin.create(adminProperties(settings))) {
            TopicAccess.require(admin, settings.bootstrapServers(), topics, "the topics.* options");
            return new TopicLimits(
                    maxMessageBytes(admin, settings.completionsTopic()),
                    maxMessageBytes(admin, settings.deadLettersTopic()),
                    maxTransactionTimeout(admin));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(
                    "interrupted while asking " + settings.bootstrapServers() + " for its topics", e);
        } catch (KafkaException e) {
            // Of the client's own making: an address that no one knows, a keystore that cannot be read.
            throw ConnectionFailures.of(settings.bootstrapServers(), e);
        }
    }

    /**
     * Returns the properties of a client that gives up by itself; it wants a request's time to be no longer than that of the
     * whole call.
     */
    static Properties adminProperties(KafkaSettings settings) {
        Properties properties = new Properties();
        properties.putAll(settings.clientProperties());
        properties.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, settings.bootstrapServers());
        String wholeCall = AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG;
        String request = AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG;
        if (properties.containsKey(wholeCall)) {
            properties.putIfAbsent(request, properties.get(wholeCall));
        } else {
            properties.putIfAbsent(request, String.valueOf(TIMEOUT_MS));
            properties.put(wholeCall, properties.get(request));
        }
        return properties;
    }

    /** These limits, none above {@code bytes}. */
    TopicLimits atMost(int bytes) {
        return new TopicLimits(
                Math.min(completionBytes, bytes), Math.min(deadLetterBytes, bytes), maxTransactionTimeout);
    }

    private static int maxMessageBytes(Admin admin, String topic) {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        try {
            Config config = admin.describeConfigs(List.of(resource))
                    .values()
                    .get(resource)
                    .get();
            ConfigEntry entry = config.get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG);
            return entry == null ? DEFAULT_MAX_MESSAGE_BYTES : Integer.parseInt(entry.value());
        } catch (ExecutionException e) {
            LOG.warn(
                    "Cannot read max.message.bytes of topic {} ({}); records are kept to Kafka's default of {} bytes.",
                    topic,
                    e.getCause().toString(),
                    DEFAULT_MAX_MESSAGE_BYTES);
            return DEFAULT_MAX_MESSAGE_BYTES;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while asking for the limits of topic " + topic, e);
        }
    }

    private static Duration maxTransactionTimeout(Admin admin) {
        return maxTransactionTimeout(() -> {
            List<ConfigResource> brokers = admin.describeCluster().nodes().get().stream()
                    .map(node -> new ConfigResource(ConfigResource.Type.BROKER, node.idString()))
                    .toList();
            return admin.describeConfigs(brokers).all().get().values();
        });
    }

    /**
     * Returns the least of all brokers, for any of them may coordinate a transaction; Kafka's default where it may not be
     * asked.
     */
    static Duration maxTransactionTimeout(Callable<Collection<Config>> brokers) {
        try {
            return brokers.call().stream()
                    .map(config -> config.get(TRANSACTION_MAX_TIMEOUT))
                    .filter(Objects::nonNull)
                    .map(entry -> Duration.ofMillis(Long.parseLong(entry.value())))
                    .min(Comparator.naturalOrder())
                    .orElse(DEFAULT_MAX_TRANSACTION_TIMEOUT);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while asking for " + TRANSACTION_MAX_TIMEOUT, e);
        } catch (Exception e) {
            LOG.warn(
                    "Cannot read {} of the brokers ({}); transactions get Kafka's default of {} s.",
                    TRANSACTION_MAX_TIMEOUT,
                    e instanceof ExecutionException ? e.getCause().toString() : e.toString(),
                    DEFAULT_MAX_TRANSACTION_TIMEOUT.toSeconds());
            return DEFAULT_MAX_TRANSACTION_TIMEOUT;
        }
    }
}
