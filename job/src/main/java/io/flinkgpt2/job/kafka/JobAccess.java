package io.flinkgpt2.job.kafka;

import java.util.List;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Whether the job's user may use its consumer group and its transactional ids, asked before the job runs: its tasks would
 * fail and start again without end. Topics are asked about with their limits, see {@link TopicLimits}.
 *
 * <p>Kafka does not tell a user's rights on transactional ids. So a producer takes one id of each sink and makes no
 * transaction. The ids end in {@code start}; those of the sinks end in numbers.
 */
public final class JobAccess {

    private JobAccess() {}

    /** @throws KafkaAccessException if a right is missing, or the brokers take no transactions of this time */
    public static void require(KafkaSettings settings, TopicLimits limits) {
        requireGroup(settings);
        for (String sink : List.of(KafkaConnections.COMPLETIONS, KafkaConnections.DEAD_LETTERS)) {
            requireTransactions(settings, KafkaConnections.transactionalIdPrefix(settings, sink), limits);
        }
    }

    private static void requireGroup(KafkaSettings settings) {
        String servers = settings.bootstrapServers();
        String group = settings.groupId();
        try (Admin admin = Admin.create(TopicLimits.adminProperties(settings))) {
            admin.listConsumerGroupOffsets(group)
                    .partitionsToOffsetAndMetadata()
                    .get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof AuthorizationException
                    ? Permissions.missing(
                            servers, "consumer group " + group, AclOperation.READ, "--group " + group, e.getCause())
                    : ConnectionFailures.of(servers, e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while asking " + servers + " for group " + group, e);
        }
    }

    private static void requireTransactions(KafkaSettings settings, String prefix, TopicLimits limits) {
        String servers = settings.bootstrapServers();
        Properties properties = new Properties();
        properties.putAll(settings.clientProperties());
        properties.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, servers);
        properties.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, prefix + "-start");
        properties.putIfAbsent(
                ProducerConfig.TRANSACTION_TIMEOUT_CONFIG,
                String.valueOf(limits.maxTransactionTimeout().toMillis()));
        properties.put(
                ProducerConfig.MAX_BLOCK_MS_CONFIG,
                TopicLimits.adminProperties(settings).get(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG));
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.initTransactions();
        } catch (KafkaException e) {
            if (ConnectionFailures.find(e, AuthorizationException.class) != null) {
                throw Permissions.missing(
                        servers,
                        "transactional ids " + prefix + "-*",
                        AclOperation.WRITE,
                        "--transactional-id " + prefix + " --resource-pattern-type prefixed",
                        e);
            }
            throw new KafkaAccessException(
                    "transactional ids " + prefix + "-* at " + servers + ": found that no producer can use them ("
                            + e.getMessage() + "), expected transactions of "
                            + properties.get(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG)
                            + " ms; check kafka.transaction.timeout.ms against the brokers' transaction.max.timeout.ms,"
                            + " and that their topic __transaction_state is available",
                    e);
        }
    }
}
