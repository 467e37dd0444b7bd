package io.flinkgpt2.job.kafka;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Whether topics exist, and whether the user of a client may read or write them. A job that is not allowed to would fail and
 * start again without end.
 */
public final class TopicAccess {

    private TopicAccess() {}

    /**
     * Asks the brokers about each topic, in the order of the map.
     *
     * @param servers as in {@code bootstrap.servers}, for messages
     * @param needed by topic, {@link AclOperation#READ} or {@link AclOperation#WRITE}
     * @param otherName where another topic is named, for a message
     * @throws KafkaAccessException if the brokers cannot be reached, a topic does not exist or a right is missing
     */
    public static void require(Admin admin, String servers, Map<String, AclOperation> needed, String otherName)
            throws InterruptedException {
        Map<String, KafkaFuture<TopicDescription>> descriptions = new HashMap<>(
                admin.describeTopics(needed.keySet(), new DescribeTopicsOptions().includeAuthorizedOperations(true))
                        .topicNameValues());
        for (Map.Entry<String, AclOperation> need : needed.entrySet()) {
            String topic = need.getKey();
            try {
                Set<AclOperation> allowed = descriptions.get(topic).get().authorizedOperations();
                // Brokers before 2.3 do not say.
                if (allowed != null && !allowed.contains(need.getValue())) {
                    throw missing(servers, topic, need.getValue(), null);
                }
            } catch (ExecutionException e) {
                throw refusal(servers, topic, need.getValue(), otherName, e.getCause());
            }
        }
    }

    private static KafkaAccessException refusal(
            String servers, String topic, AclOperation operation, String otherName, Throwable cause) {
        if (cause instanceof UnknownTopicOrPartitionException) {
            return new KafkaAccessException(
                    "topic " + topic + " does not exist at " + servers
                            + "; create it, for example with kafka-topics.sh --create --topic " + topic
                            + ", or name another by " + otherName,
                    cause);
        }
        return cause instanceof AuthorizationException
                ? missing(servers, topic, operation, cause)
                : ConnectionFailures.of(servers, cause);
    }

    private static KafkaAccessException missing(String servers, String topic, AclOperation operation, Throwable cause) {
        return Permissions.missing(servers, "topic " + topic, operation, "--topic " + topic, cause);
    }
}
