package io.flinkgpt2.cli.batch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.job.JobOptions;
import io.flinkgpt2.job.files.PromptFile;
import io.flinkgpt2.job.files.PromptFiles;
import io.flinkgpt2.job.operator.RequestInFlight;
import io.flinkgpt2.job.record.SystemFingerprint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;

/**
 * All that the answers of a run are a function of: its inputs, its model, its options, and the version that made them. A later
 * process goes on with a run only if its own description is the same.
 */
final class RunDescription {

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final int MOST_DIFFERENCES = 5;

    private final ObjectNode json;

    private RunDescription(ObjectNode json) {
        this.json = json;
    }

    /**
     * Describes a run.
     *
     * @param model directory or file
     * @param options the job's, as given
     */
    static RunDescription of(PromptFiles files, Path model, Configuration options) throws IOException {
        ObjectNode json = MAPPER.createObjectNode();
        json.put("version", SystemFingerprint.version());
        json.put("state_version", RequestInFlight.VERSION);
        ObjectNode inputs = json.putObject("inputs");
        for (PromptFile file : files.list()) {
            inputs.putObject(file.path())
                    .put("name", file.name())
                    .put("bytes", file.length())
                    .put("modified", file.modified())
                    .put("digest", FileStamp.of(file.path(), file.length()));
        }
        json.set("model", describeModel(model));
        ObjectNode given = json.putObject("options");
        new TreeMap<>(options.toMap()).forEach((key, value) -> {
            if (!isFree(key)) {
                given.put(key, value);
            }
        });
        return new RunDescription(json);
    }

    /** Returns whether an option changes speed and memory, and no answer. */
    private static boolean isFree(String key) {
        return Stream.of(
                        JobOptions.BATCH_SIZE,
                        JobOptions.BATCH_MAX_HOLD,
                        JobOptions.PREFILL_CHUNK,
                        JobOptions.PREFIX_CACHE_BYTES,
                        JobOptions.CHECKPOINT_INTERVAL,
                        JobOptions.SINK_FILES)
                .anyMatch(option -> option.key().equals(key));
    }

    private static ObjectNode describeModel(Path model) throws IOException {
        List<Path> files;
        if (Files.isDirectory(model)) {
            try (Stream<Path> list = Files.list(model)) {
                files = list.filter(Files::isRegularFile).sorted().toList();
            }
        } else {
            files = List.of(model);
        }
        ObjectNode described = MAPPER.createObjectNode();
        for (Path file : files) {
            described.put(
                    file.getFileName().toString(),
                    FileStamp.of(PromptFiles.absolute(file.toString()).toString(), Files.size(file)));
        }
        return described;
    }

    /** Reads a description that an earlier process wrote, or returns null if there is none that is whole. */
    static RunDescription read(Path file) throws IOException {
        if (!Files.exists(file)) {
            return null;
        }
        try {
            return MAPPER.readTree(file.toFile()) instanceof ObjectNode object ? new RunDescription(object) : null;
        } catch (JsonProcessingException e) {
            return null;
        }
    }

    void write(Path file) throws IOException {
        Path whole = file.resolveSibling(file.getFileName() + ".new");
        Files.write(whole, MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(json));
        Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Returns in words how this run differs from an earlier one; empty if it does not. */
    List<String> changesSince(RunDescription earlier) {
        List<String> changes = new ArrayList<>();
        compare("", earlier.json, json, changes);
        if (changes.size() > MOST_DIFFERENCES) {
            int more = changes.size() - MOST_DIFFERENCES;
            changes.subList(MOST_DIFFERENCES, changes.size()).clear();
            changes.add("and " + more + " more");
        }
        return changes;
    }

    private static void compare(String name, JsonNode before, JsonNode now, List<String> changes) {
        if (before == null || now == null || !before.isObject() || !now.isObject()) {
            if (!String.valueOf(before).equals(String.valueOf(now))) {
                changes.add(name + " was " + (before == null ? "absent" : before) + ", is "
                        + (now == null ? "absent" : now));
            }
            return;
        }
        Set<String> names = new TreeSet<>();
        for (Iterator<Map.Entry<String, JsonNode>> fields = before.fields(); fields.hasNext(); ) {
            names.add(fields.next().getKey());
        }
        for (Iterator<Map.Entry<String, JsonNode>> fields = now.fields(); fields.hasNext(); ) {
            names.add(fields.next().getKey());
        }
        for (String member : names) {
            JsonNode was = before.get(member);
            JsonNode is = now.get(member);
            String path = name.isEmpty() ? member : name + " " + member;
            if (was != null && was.isObject() && is == null) {
                changes.add(path + " is no longer there");
            } else if (was == null && is.isObject()) {
                changes.add(path + " is new");
            } else {
                compare(path, was, is, changes);
            }
        }
    }
}
