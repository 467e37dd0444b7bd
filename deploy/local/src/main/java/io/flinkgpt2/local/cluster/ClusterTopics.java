package io.flinkgpt2.local.cluster;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.errors.TopicExistsException;

/** The topics of a cluster's broker. */
public final class ClusterTopics {

    private ClusterTopics() {}

    /**
     * Creates the topics that are missing.
     *
     * @param bootstrapServers the broker
     * @param partitions of each topic that is created
     * @throws IOException if the broker refuses
     */
    public static void create(String bootstrapServers, List<String> topics, int partitions)
            throws IOException, InterruptedException {
        try (Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers))) {
            Map<String, KafkaFuture<Void>> created = admin.createTopics(topics.stream()
                            .map(topic -> new NewTopic(topic, partitions, (short) 1))
                            .toList())
                    .values();
            for (Map.Entry<String, KafkaFuture<Void>> topic : created.entrySet()) {
                await(topic.getKey(), topic.getValue());
            }
        }
    }

    private static void await(String topic, KafkaFuture<Void> creation) throws IOException, InterruptedException {
        try {
            creation.get();
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof TopicExistsException)) {
                throw new IOException("The broker did not create the topic " + topic + ": " + e.getCause(), e);
            }
        }
    }
}
