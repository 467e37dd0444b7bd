package io.flinkgpt2.job.kafka.source;

import java.io.IOException;
import java.util.Properties;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.KafkaSourceEnumState;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.streaming.api.lineage.LineageVertex;
import org.apache.flink.streaming.api.lineage.LineageVertexProvider;

/**
 * A bounded {@link KafkaSource} that ends by itself however it was started, and leaves its group's offsets at its end.
 *
 * <p>Kafka's own enumerator tells readers that no more splits will come only after it has found a partition. Restored, it
 * finds none that is new, and the job never ends (FLINK-31006); see {@link BoundedEnumerator}. Its reader commits offsets
 * asynchronously and may be closed before the last; see {@link BoundedReader}. State and serializers are Kafka's: the state
 * of either source is that of the other.
 *
 * @param <T> what is read
 */
public final class BoundedKafkaSource<T>
        implements Source<T, KafkaPartitionSplit, KafkaSourceEnumState>, ResultTypeQueryable<T>, LineageVertexProvider {
    private static final long serialVersionUID = 1L;

    private final KafkaSource<T> source;
    private final String groupId;
    private final Properties adminProperties;

    /**
     * @param source bounded by offsets that its enumerator asks for
     * @param groupId whose offsets are committed at the end
     * @param adminProperties of the client that commits them
     */
    public BoundedKafkaSource(KafkaSource<T> source, String groupId, Properties adminProperties) {
        this.source = source;
        this.groupId = groupId;
        this.adminProperties = adminProperties;
    }

    @Override
    public Boundedness getBoundedness() {
        return source.getBoundedness();
    }

    @Override
    public SourceReader<T, KafkaPartitionSplit> createReader(SourceReaderContext context) throws Exception {
        return new BoundedReader<>(source.createReader(context), new GroupOffsets(groupId, adminProperties));
    }

    @Override
    public SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> createEnumerator(
            SplitEnumeratorContext<KafkaPartitionSplit> context) {
        WatchedContext<KafkaPartitionSplit> watched = new WatchedContext<>(context);
        return new BoundedEnumerator<>(source.createEnumerator(watched), watched);
    }

    @Override
    public SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> restoreEnumerator(
            SplitEnumeratorContext<KafkaPartitionSplit> context, KafkaSourceEnumState state) throws IOException {
        WatchedContext<KafkaPartitionSplit> watched = new WatchedContext<>(context);
        return new BoundedEnumerator<>(source.restoreEnumerator(watched, state), watched);
    }

    @Override
    public SimpleVersionedSerializer<KafkaPartitionSplit> getSplitSerializer() {
        return source.getSplitSerializer();
    }

    @Override
    public SimpleVersionedSerializer<KafkaSourceEnumState> getEnumeratorCheckpointSerializer() {
        return source.getEnumeratorCheckpointSerializer();
    }

    @Override
    public TypeInformation<T> getProducedType() {
        return source.getProducedType();
    }

    @Override
    public LineageVertex getLineageVertex() {
        return source.getLineageVertex();
    }
}
