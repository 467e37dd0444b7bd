package io.flinkgpt2.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.weights.Gguf;
import io.flinkgpt2.weights.WeightsFile;
import io.flinkgpt2.weights.WeightsFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** A golden model of the test resources with what an independent float64 reference computes from it. */
public record GoldenModel(String folder, Path directory, Gpt2Config config, Gpt2Weights weights, List<JsonNode> cases) {

    /** The golden models in the formats that are read so far. */
    public static final List<String> FOLDERS =
            List.of("tied-tanh", "untied-erf", "prefixed-half", "scaled-sharded-bf16", "unscaled");

    /** The golden GGUF files, which have no activations. */
    public static final List<String> GGUF_FILES = List.of(
            "gguf/model-F32.gguf",
            "gguf/model-F16.gguf",
            "gguf/model-Q8_0.gguf",
            "gguf/model-Q4_0.gguf",
            "gguf/model-Q4_1.gguf",
            "gguf/model-Q5_0.gguf",
            "gguf/model-Q5_1.gguf",
            "gguf-k/model-Q2_K.gguf",
            "gguf-k/model-Q3_K.gguf",
            "gguf-k/model-Q4_K.gguf",
            "gguf-k/model-Q5_K.gguf",
            "gguf-k/model-Q6_K.gguf");

    /** A GGUF file, with the config of its metadata. */
    public static GoldenModel openGguf(String name) {
        Path path = directory(name);
        try (Gguf file = Gguf.open(path)) {
            JsonNode expected = new ObjectMapper().readTree(Files.readAllBytes(path.resolveSibling("expected.json")));
            List<JsonNode> cases = new ArrayList<>();
            expected.get("files").get(path.getFileName().toString()).forEach(cases::add);
            Gpt2Config config = Gpt2Config.read(file);
            return new GoldenModel(name, path, config, Gpt2Weights.load(file, config, path), cases);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static GoldenModel open(String folder) {
        return open(folder, "");
    }

    /** As {@link #open(String)}, with the weights of a certain file of the folder. */
    public static GoldenModel open(String folder, String weightsFile) {
        try {
            Path directory = directory(folder);
            Gpt2Config config = Gpt2Config.read(directory.resolve("config.json"));
            try (WeightsFile file = WeightsFiles.open(directory.resolve(weightsFile))) {
                JsonNode expected = new ObjectMapper().readTree(Files.readAllBytes(directory.resolve("expected.json")));
                List<JsonNode> cases = new ArrayList<>();
                expected.get("cases").forEach(cases::add);
                return new GoldenModel(folder, directory, config, Gpt2Weights.load(file, config, directory), cases);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static Path directory(String folder) {
        try {
            return Path.of(Objects.requireNonNull(GoldenModel.class.getResource("/golden/" + folder))
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    public Gpt2 model(Kernels kernels) {
        return new Gpt2(config, weights, kernels);
    }

    public static int[] ints(JsonNode array) {
        int[] values = new int[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.get(i).intValue();
        }
        return values;
    }

    public static double[] doubles(JsonNode array) {
        double[] values = new double[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.get(i).doubleValue();
        }
        return values;
    }
}
