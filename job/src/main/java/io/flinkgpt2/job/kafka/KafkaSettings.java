package io.flinkgpt2.job.kafka;

import io.flinkgpt2.job.kafka.sink.LostTransactions;
import io.flinkgpt2.job.kafka.source.SourceStart;
import java.util.Map;
import java.util.TreeSet;

/**
 * The job's connection to Kafka.
 *
 * @param name prefix of client and transactional ids: two jobs on one Kafka cluster need different ones
 * @param sourceBounded whether to end at the offsets found at the first start
 * @param deadLetterMaxBytes the most bytes of an original value that a dead letter keeps
 * @param lostTransactions what becomes of the job when a transaction can no longer be committed
 * @param clientProperties what goes to the clients as it is
 */
public record KafkaSettings(
        String name,
        String bootstrapServers,
        String groupId,
        String promptsTopic,
        String completionsTopic,
        String deadLettersTopic,
        SourceStart sourceStart,
        boolean sourceBounded,
        int deadLetterMaxBytes,
        LostTransactions lostTransactions,
        Map<String, String> clientProperties) {

    /** Names the clients' properties without their values, some of which are passwords. */
    @Override
    public String toString() {
        return "KafkaSettings[name=" + name + ", bootstrapServers=" + bootstrapServers + ", groupId=" + groupId
                + ", topics=" + promptsTopic + ", " + completionsTopic + ", " + deadLettersTopic
                + ", clientProperties=" + new TreeSet<>(clientProperties.keySet()) + "]";
    }
}
