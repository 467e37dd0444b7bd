package io.flinkgpt2.job.kafka.source;

import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commits offsets of a consumer group and waits for it.
 *
 * @param groupId a group without members, as that of a job is: its readers are given their partitions by Flink
 * @param adminProperties how the broker is reached, and how long it is waited for
 */
record GroupOffsets(String groupId, Properties adminProperties) {

    private static final Logger LOG = LoggerFactory.getLogger(GroupOffsets.class);

    /**
     * Commits; what goes wrong is a warning, for a job goes on from its own state, and only one that starts anew from these.
     */
    void commit(Map<TopicPartition, Long> offsets) {
        if (offsets.isEmpty()) {
            return;
        }
        Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>();
        offsets.forEach((partition, offset) -> committed.put(partition, new OffsetAndMetadata(offset)));
        try (Admin admin = Admin.create(adminProperties)) {
            admin.alterConsumerGroupOffsets(groupId, committed).all().get();
        } catch (ExecutionException e) {
            warn(offsets, e.getCause());
        } catch (KafkaException e) {
            warn(offsets, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            warn(offsets, e);
        }
    }

    private void warn(Map<TopicPartition, Long> offsets, Throwable cause) {
        LOG.warn(
                "Cannot commit the last offsets {} of group {}. Every prompt is answered; but a job that is started anew with this"
                        + " group may answer some again, with the same text.",
                offsets,
                groupId,
                cause);
    }
}
