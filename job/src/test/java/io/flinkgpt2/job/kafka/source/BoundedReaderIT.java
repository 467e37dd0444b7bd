package io.flinkgpt2.job.kafka.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.local.embedded.EmbeddedKafka;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.core.io.InputStatus;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The last offsets of a reader on a real broker, where Kafka's own reader is closed before it commits anything. */
class BoundedReaderIT {

    private static final String TOPIC = "prompts";
    private static final TopicPartition FIRST = new TopicPartition(TOPIC, 0);
    private static final TopicPartition SECOND = new TopicPartition(TOPIC, 1);

    private static EmbeddedKafka kafka;

    private final Forgetful forgetful = new Forgetful();

    @BeforeAll
    static void start() throws Exception {
        kafka = EmbeddedKafka.start(EmbeddedKafka.Options.defaults());
        kafka.createTopic(TOPIC, 2, Map.of());
    }

    @AfterAll
    static void stop() throws IOException {
        kafka.close();
    }

    @Test
    void itsOffsetsAreCommittedWhenItIsClosedAfterACheckpointThatItsEndIsIn() throws Exception {
        BoundedReader<String> reader = reader("ended");
        reader.addSplits(List.of(new KafkaPartitionSplit(FIRST, 3, 7)));
        reader.addSplits(List.of(new KafkaPartitionSplit(SECOND, KafkaPartitionSplit.EARLIEST_OFFSET, 5)));
        end(reader);
        reader.snapshotState(8);
        reader.notifyCheckpointComplete(8);
        assertThat(committed("ended")).isEmpty();

        reader.close();

        assertThat(committed("ended")).isEqualTo(Map.of(FIRST, 7L, SECOND, 5L));
        assertThat(forgetful.closed).isTrue();
    }

    @Test
    void nothingIsCommittedBeforeTheEnd() throws Exception {
        BoundedReader<String> reader = reader("not-ended");
        reader.addSplits(List.of(new KafkaPartitionSplit(FIRST, 3, 7)));
        reader.snapshotState(1);
        reader.notifyCheckpointComplete(1);
        reader.close();

        assertThat(committed("not-ended")).isEmpty();
    }

    @Test
    void nothingIsCommittedForACheckpointThatWasTakenBeforeTheEndAndIsCompleteAfterIt() throws Exception {
        BoundedReader<String> reader = reader("early");
        reader.addSplits(List.of(new KafkaPartitionSplit(FIRST, 3, 7)));
        reader.snapshotState(1);
        end(reader);
        reader.snapshotState(2);
        reader.notifyCheckpointComplete(1);
        reader.notifyCheckpointAborted(2);
        reader.close();

        assertThat(committed("early")).isEmpty();
    }

    @Test
    void aLaterCheckpointSufficesAfterOneThatWasAborted() throws Exception {
        BoundedReader<String> reader = reader("later");
        reader.addSplits(List.of(new KafkaPartitionSplit(FIRST, 3, 7)));
        end(reader);
        reader.snapshotState(2);
        reader.notifyCheckpointAborted(2);
        reader.snapshotState(3);
        reader.notifyCheckpointComplete(3);
        reader.close();

        assertThat(committed("later")).isEqualTo(Map.of(FIRST, 7L));
    }

    @Test
    void thePlaceOfAGroupThatIsPastTheEndStays() throws Exception {
        BoundedReader<String> reader = reader("past");
        reader.addSplits(List.of(new KafkaPartitionSplit(FIRST, 9, 7)));
        end(reader);
        reader.snapshotState(1);
        reader.notifyCheckpointComplete(1);
        reader.close();

        assertThat(committed("past")).isEqualTo(Map.of(FIRST, 9L));
    }

    private BoundedReader<String> reader(String group) {
        Properties properties = new Properties();
        properties.setProperty("bootstrap.servers", kafka.bootstrapServers());
        return new BoundedReader<>(forgetful, new GroupOffsets(group, properties));
    }

    private static void end(BoundedReader<String> reader) throws Exception {
        assertThat(reader.pollNext(null)).isEqualTo(InputStatus.END_OF_INPUT);
    }

    private static Map<TopicPartition, Long> committed(String group) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
            Map<TopicPartition, OffsetAndMetadata> offsets = admin.listConsumerGroupOffsets(group)
                    .partitionsToOffsetAndMetadata()
                    .get();
            return offsets.entrySet().stream()
                    .collect(Collectors.toMap(
                            Map.Entry::getKey, entry -> entry.getValue().offset()));
        }
    }

    /** Has read everything when it is asked, and commits nothing. */
    private static final class Forgetful implements SourceReader<String, KafkaPartitionSplit> {

        private boolean closed;

        @Override
        public InputStatus pollNext(ReaderOutput<String> output) {
            return InputStatus.END_OF_INPUT;
        }

        @Override
        public void start() {}

        @Override
        public List<KafkaPartitionSplit> snapshotState(long checkpointId) {
            return List.of();
        }

        @Override
        public CompletableFuture<Void> isAvailable() {
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public void addSplits(List<KafkaPartitionSplit> splits) {}

        @Override
        public void notifyNoMoreSplits() {}

        @Override
        public void close() {
            closed = true;
        }
    }
}
