package io.flinkgpt2.cli.batch;

import io.flinkgpt2.job.files.FileSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The files that the job writes, with answers and dead letters, one JSON object a line. */
final class PartFiles {

    private PartFiles() {}

    /** Returns the files that are whole, those of answers first. */
    static List<Path> finished(Path parts) throws IOException {
        List<Path> finished = new ArrayList<>();
        for (String kind : List.of(FileSettings.COMPLETIONS, FileSettings.DEAD_LETTERS)) {
            list(parts.resolve(kind)).stream()
                    .filter(file -> !file.getFileName().toString().startsWith("."))
                    .forEach(finished::add);
        }
        return finished;
    }

    /** Returns all files, also those that are being written; sorted by name. */
    static List<Path> list(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        }
    }
}
