package io.flinkgpt2.job.files;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.connector.file.src.enumerate.FileEnumerator;
import org.apache.flink.core.fs.Path;

/**
 * Cuts files into ranges of bytes, in their order. There are many more ranges than slots, so that at the end no slot waits long for
 * another; a file that cannot be split is one.
 */
final class PromptFileRanges implements FileEnumerator, Serializable {
    private static final long serialVersionUID = 1L;

    private static final long SMALLEST = 4 << 10;
    private static final long LARGEST = 64 << 20;
    private static final int RANGES_PER_SLOT = 64;

    private final List<PromptFile> files;

    PromptFileRanges(List<PromptFile> files) {
        this.files = new ArrayList<>(files);
    }

    /** @param slots how many readers there are */
    @Override
    public Collection<FileSourceSplit> enumerateSplits(Path[] paths, int slots) {
        long bytes = files.stream()
                .filter(FileReaders::isSplittable)
                .mapToLong(PromptFile::length)
                .sum();
        long size = Math.max(SMALLEST, Math.min(LARGEST, bytes / ((long) RANGES_PER_SLOT * Math.max(1, slots)) + 1));
        List<FileSourceSplit> splits = new ArrayList<>();
        for (int i = 0; i < files.size(); i++) {
            PromptFile file = files.get(i);
            long length = file.length();
            long step = FileReaders.isSplittable(file) ? size : Math.max(1, length);
            for (long start = 0; start < length; start += step) {
                splits.add(new FileSourceSplit(
                        i + "-" + start,
                        new Path(file.path()),
                        start,
                        Math.min(step, length - start),
                        file.modified(),
                        length));
            }
        }
        return splits;
    }
}
