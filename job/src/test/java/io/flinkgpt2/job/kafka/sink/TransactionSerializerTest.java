package io.flinkgpt2.job.kafka.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.job.record.RecordSource;
import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;

class TransactionSerializerTest {

    private static final KafkaCommittable COMMITTABLE =
            new KafkaCommittable(7, (short) 3, "job-completions-0-12", null);
    private static final KafkaSink<String> SINK = KafkaSink.<String>builder()
            .setBootstrapServers("broker:9092")
            .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
            .setTransactionalIdPrefix("job")
            .setRecordSerializer((KafkaRecordSerializationSchema<String>)
                    (text, context, timestamp) -> new ProducerRecord<>("topic", new byte[0]))
            .build();

    private final TransactionSerializer serializer = new TransactionSerializer(SINK.getCommittableSerializer());

    @Test
    void aTransactionComesBackWithCheckpointAndOffsets() throws IOException {
        SourceTally tally = new SourceTally();
        for (long offset : new long[] {12, 10, 57}) {
            tally.add(new RecordSource("prompts", 1, offset, 0));
        }
        tally.add(new RecordSource("prompts", 0, 1L << 40, 0));
        tally.add(null);
        Transaction transaction = new Transaction(COMMITTABLE, 12, tally.take());
        assertThat(transaction.offsets())
                .isEqualTo("prompts-0 offsets 1099511627776..1099511627776 (1 record),"
                        + " prompts-1 offsets 10..57 (3 records)");
        assertThat(tally.take()).isEmpty();

        Transaction back = serializer.deserialize(serializer.getVersion(), serializer.serialize(transaction));

        assertThat(back).isEqualTo(transaction).hasToString("transaction job-completions-0-12 of checkpoint 12");
        assertThat(back.isRestored()).isTrue();
    }

    /** As a job of before version 2 wrote it: the connector's committable alone. */
    @Test
    void theStateOfAPlainKafkaSinkIsRead() throws IOException {
        String written = "0003" + "0000000000000007" + "0014"
                + HexFormat.of().formatHex("job-completions-0-12".getBytes("ASCII"));

        Transaction back = serializer.deserialize(1, HexFormat.of().parseHex(written));

        assertThat(back).isEqualTo(new Transaction(COMMITTABLE, Transaction.UNKNOWN, List.of()));
        assertThat(back).hasToString("transaction job-completions-0-12");
        assertThat(back.offsets()).isEqualTo("source offsets that this state does not name");
    }

    @Test
    void theStateOfALaterVersionIsRefused() {
        assertThatThrownBy(() -> serializer.deserialize(3, new byte[0]))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll("version 3", "expected 1 or 2", "a newer one");
    }
}
