package io.flinkgpt2.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A model without an end of text, whose generations all have the length that was asked for: another one's weights beside a
 * config that says so.
 *
 * @param path directory of the model
 * @param config its {@code config.json}
 */
record EndlessModel(Path path, JsonNode config) {

    private static final String CONFIG = "config.json";
    private static final long MIB = 1 << 20;

    /** One of a published size with random weights. */
    static EndlessModel random(String size, Path directory) throws IOException, InterruptedException {
        Path random = directory.resolve("random-" + size);
        Cluster.succeed(Command.launcher("random-model", "--size", size, "--seed", "0", random.toString()));
        return of(random, directory);
    }

    /** One of the files of a model, which stay where they are. */
    static EndlessModel of(Path model, Path directory) throws IOException {
        Path endless = Files.createDirectory(directory.resolve("endless"));
        List<Path> files;
        try (Stream<Path> all = Files.list(model.toAbsolutePath())) {
            files = all.filter(file -> !file.endsWith(CONFIG)).toList();
        }
        for (Path file : files) {
            Files.createSymbolicLink(endless.resolve(file.getFileName()), file);
        }
        ObjectNode config = (ObjectNode) Run.json(Files.readString(model.resolve(CONFIG)));
        config.put("eos_token_id", -1);
        Files.writeString(endless.resolve(CONFIG), config.toString());
        return new EndlessModel(endless, config);
    }

    int contextLength() {
        return config.path("n_positions").intValue();
    }

    int vocabularySize() {
        return config.path("vocab_size").intValue();
    }

    /**
     * A size for {@code cluster start --heap} with which all slots get all the KV cache that they can use: weights, twice the
     * caches, and 256 MiB.
     */
    String roomyHeap(int slots, int sequences, int maxContext) throws IOException {
        long keysAndValues =
                2L * config.path("n_layer").longValue() * config.path("n_embd").longValue() * Float.BYTES;
        // Blocks of 64 positions, and one that is shared in parts.
        long positions = (maxContext + 127) / 64 * 64L;
        return (weightBytes() + 2L * slots * sequences * positions * keysAndValues) / MIB + 256 + "m";
    }

    /** Bytes of the weights' files. */
    long weightBytes() throws IOException {
        long bytes = 0;
        try (Stream<Path> files = Files.list(path)) {
            for (Path file : files.filter(file -> !file.endsWith(CONFIG)).toList()) {
                bytes += Files.size(file);
            }
        }
        return bytes;
    }
}
