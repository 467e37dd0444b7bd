package io.flinkgpt2.job.kafka.sink;

import io.flinkgpt2.job.record.RecordSource;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/** The source offsets of the records written since the last {@link #take()}. */
final class SourceTally {

    private final Map<TopicPartition, SourceRange> ranges = new HashMap<>();

    /** @param source null for a record without a place, which is not counted */
    void add(RecordSource source) {
        if (source != null) {
            ranges.merge(
                    new TopicPartition(source.topic, source.partition),
                    new SourceRange(source.topic, source.partition, source.offset, source.offset, 1),
                    (range, single) -> range.with(single.first()));
        }
    }

    /** Returns the ranges in the order of topic and partition, and begins anew. */
    List<SourceRange> take() {
        List<SourceRange> taken = ranges.values().stream()
                .sorted(Comparator.comparing(SourceRange::topic).thenComparing(SourceRange::partition))
                .toList();
        ranges.clear();
        return taken;
    }
}
