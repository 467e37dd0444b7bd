package io.flinkgpt2.job.files;

import io.flinkgpt2.job.record.CompletionJson;
import io.flinkgpt2.job.record.CompletionRecord;
import io.flinkgpt2.job.record.DeadLetter;
import io.flinkgpt2.job.record.DeadLetterJson;
import io.flinkgpt2.job.record.PromptRecord;
import java.time.Duration;
import java.util.Arrays;
import org.apache.flink.api.common.serialization.Encoder;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.connector.file.sink.FileSink;
import org.apache.flink.connector.file.src.FileSource;
import org.apache.flink.core.fs.Path;
import org.apache.flink.streaming.api.functions.sink.filesystem.OutputFileConfig;
import org.apache.flink.streaming.api.functions.sink.filesystem.bucketassigners.BasePathBucketAssigner;
import org.apache.flink.streaming.api.functions.sink.filesystem.rollingpolicies.DefaultRollingPolicy;

/** The job's source and sinks on files: each record once in, each answer exactly once out. */
public final class FileConnections {
    private static final MemorySize LARGEST_PART = MemorySize.ofMebiBytes(256);
    private static final Duration LONGEST_PART = Duration.ofMinutes(5);

    private final FileSettings settings;
    private final PromptFiles files;

    /** @param files those of the settings */
    public FileConnections(FileSettings settings, PromptFiles files) {
        this.settings = settings;
        this.files = files;
    }

    /** Returns whether some files are read by one reader each, so that only an exchange brings their prompts to all slots. */
    public boolean needExchange() {
        return files.list().stream().anyMatch(file -> !FileReaders.isSplittable(file));
    }

    /** Returns the source of prompts, which ends with the last file. */
    public FileSource<PromptRecord> prompts() {
        PromptFileRanges ranges = new PromptFileRanges(files.list());
        return FileSource.forBulkFileFormat(
                        new PromptFileFormat(files, new FileReaders(settings.read())), files.rootPaths())
                .setFileEnumerator(() -> ranges)
                .setSplitAssigner(RangesInOrder::new)
                .build();
    }

    /** Returns the sink of answers, a JSON object a line; a file of it can be read when a checkpoint has followed its end. */
    public Sink<CompletionRecord> completions() {
        return sink(FileSettings.COMPLETIONS, (completion, out) -> out.write(line(CompletionJson.write(completion))));
    }

    /** Returns the sink of dead letters, a JSON object a line. */
    public Sink<DeadLetter> deadLetters() {
        int maxValueBytes = settings.deadLetterMaxBytes();
        return sink(
                FileSettings.DEAD_LETTERS,
                (letter, out) -> out.write(line(DeadLetterJson.write(letter, maxValueBytes, Integer.MAX_VALUE)
                        .value())));
    }

    /** Returns a line with its end: whoever follows a file sees whole lines where the file system writes at once. */
    private static byte[] line(byte[] json) {
        byte[] line = Arrays.copyOf(json, json.length + 1);
        line[json.length] = '\n';
        return line;
    }

    private <T> Sink<T> sink(String name, Encoder<T> encoder) {
        return FileSink.<T>forRowFormat(new Path(PromptFiles.absolute(settings.output()), name), encoder)
                .withBucketAssigner(new BasePathBucketAssigner<>())
                .withRollingPolicy(DefaultRollingPolicy.builder()
                        .withMaxPartSize(LARGEST_PART)
                        .withRolloverInterval(LONGEST_PART)
                        .withInactivityInterval(LONGEST_PART)
                        .build())
                .withOutputFileConfig(OutputFileConfig.builder()
                        .withPartPrefix(name)
                        .withPartSuffix(".jsonl")
                        .build())
                .build();
    }
}
