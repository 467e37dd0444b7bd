package io.flinkgpt2.local.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The checkpoints that lie in Flink's checkpoint directory, {@code DIRECTORY/JOB_ID/chk-N}. One is complete when it has a file
 * {@code _metadata}: Flink writes that last, under another name, and renames it.
 *
 * @param directory a local directory, which need not exist
 */
public record RetainedCheckpoints(Path directory) {

    private static final Pattern NAME = Pattern.compile("chk-(\\d{1,18})");
    private static final String METADATA = "_metadata";

    /**
     * Returns the newest complete checkpoint of a job, or empty if it has none.
     *
     * @param jobId 32 hexadecimal digits
     * @throws IOException if the directory cannot be listed
     */
    public Optional<Path> newest(String jobId) throws IOException {
        Path checkpoints = directory.resolve(jobId);
        if (!Files.isDirectory(checkpoints)) {
            return Optional.empty();
        }
        try (Stream<Path> entries = Files.list(checkpoints)) {
            return entries.filter(entry -> number(entry) >= 0 && Files.isRegularFile(entry.resolve(METADATA)))
                    .max(Comparator.comparingLong(RetainedCheckpoints::number));
        }
    }

    /** Returns the number of a checkpoint by the name of its directory; -1 for any other name. */
    private static long number(Path entry) {
        Matcher name = NAME.matcher(entry.getFileName().toString());
        return name.matches() ? Long.parseLong(name.group(1)) : -1;
    }
}
