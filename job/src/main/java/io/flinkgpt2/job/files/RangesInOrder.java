package io.flinkgpt2.job.files;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.connector.file.src.assigners.FileSplitAssigner;

/** Hands out the ranges of files in their order; those that come back from a reader that failed come first again. */
final class RangesInOrder implements FileSplitAssigner {
    private final Deque<FileSourceSplit> waiting;

    RangesInOrder(Collection<FileSourceSplit> splits) {
        this.waiting = new ArrayDeque<>(splits);
    }

    @Override
    public Optional<FileSourceSplit> getNext(String hostname) {
        return Optional.ofNullable(waiting.poll());
    }

    @Override
    public void addSplits(Collection<FileSourceSplit> splits) {
        List<FileSourceSplit> returned = new ArrayList<>(splits);
        for (int i = returned.size() - 1; i >= 0; i--) {
            waiting.addFirst(returned.get(i));
        }
    }

    @Override
    public Collection<FileSourceSplit> remainingSplits() {
        return new ArrayList<>(waiting);
    }
}
