package io.flinkgpt2.pretrained;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.model.GoldenModel;
import io.flinkgpt2.weights.SafeTensorsWriter;
import io.flinkgpt2.weights.TensorInfo;
import io.flinkgpt2.weights.WeightsFile;
import io.flinkgpt2.weights.WeightsFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** Directories of golden models, copied so that a test can change them. */
public final class ModelDirectories {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private ModelDirectories() {}

    /** Copies a golden model's files, without what is expected of it, into a new directory. */
    public static Path copy(String folder, Path to) throws IOException {
        Files.createDirectories(to);
        try (Stream<Path> files = Files.list(GoldenModel.directory(folder))) {
            for (Path file : files.filter(f -> !f.endsWith("expected.json")).toList()) {
                Files.copy(file, to.resolve(file.getFileName().toString()));
            }
        }
        return to;
    }

    /** Sets a field of {@code config.json}. */
    public static void configure(Path directory, String field, int value) throws IOException {
        Path config = directory.resolve("config.json");
        ObjectNode root = (ObjectNode) MAPPER.readTree(Files.readAllBytes(config));
        root.put(field, value);
        Files.writeString(config, root.toPrettyString());
    }

    /** Adds the toy vocabulary of the golden data, 306 tokens, with other ids. */
    public static void addToyVocabulary(Path directory, UnaryOperator<Integer> idOf) throws IOException {
        Path toy = GoldenModel.directory("tokenizer").resolve("toy");
        Files.copy(toy.resolve("merges.txt"), directory.resolve("merges.txt"));
        Map<String, Integer> vocabulary = new LinkedHashMap<>();
        MAPPER.readTree(Files.readAllBytes(toy.resolve("vocab.json")))
                .properties()
                .forEach(token -> vocabulary.put(
                        token.getKey(), idOf.apply(token.getValue().intValue())));
        MAPPER.writeValue(directory.resolve("vocab.json").toFile(), vocabulary);
    }

    /** Spreads {@code model.safetensors} over two files, changing one value of one tensor on the way. */
    public static void shard(Path directory, String changedTensor, float change) throws IOException {
        List<String> names = List.of("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors");
        ObjectNode index = MAPPER.createObjectNode();
        ObjectNode weightMap = index.putObject("weight_map");
        try (WeightsFile file = WeightsFiles.open(directory)) {
            List<TensorInfo> all = new ArrayList<>(file.tensors().values());
            for (int shard = 0; shard < 2; shard++) {
                List<TensorInfo> part = all.subList(shard * all.size() / 2, (shard + 1) * all.size() / 2);
                String name = names.get(shard);
                try (SafeTensorsWriter writer = SafeTensorsWriter.create(directory.resolve(name), part)) {
                    for (TensorInfo tensor : part) {
                        float offset = tensor.name().equals(changedTensor) ? change : 0;
                        file.read(tensor.name(), (values, length, start) -> write(writer, tensor, values, offset));
                        weightMap.put(tensor.name(), name);
                    }
                    writer.finish();
                }
            }
        }
        Files.writeString(directory.resolve("model.safetensors.index.json"), index.toString());
        Files.delete(directory.resolve("model.safetensors"));
    }

    private static void write(SafeTensorsWriter writer, TensorInfo tensor, float[] values, float change) {
        try {
            values[0] += change;
            writer.write(tensor.name(), values, 0, (int) tensor.elementCount());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
