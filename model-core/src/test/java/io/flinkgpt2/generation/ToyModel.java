package io.flinkgpt2.generation;

import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.model.RandomWeights;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.tensor.Activation;
import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.weights.SafeTensorsWriter;
import io.flinkgpt2.weights.TensorInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

/**
 * A model with a context of several blocks of the KV cache, small enough to generate thousands of tokens in a test. Its
 * weights are ten times as large as random ones are, so that attention matters and a wrong key shows in the logits.
 */
final class ToyModel {

    static final int VOCABULARY = 97;
    static final int CONTEXT = 300;
    static final int END_OF_TEXT = 0;

    private static final float LARGER = 10;

    private ToyModel() {}

    static Pretrained open(Path directory, Kernels kernels) {
        return open(directory, kernels, -1);
    }

    static Gpt2Config config() {
        return new Gpt2Config(
                VOCABULARY,
                CONTEXT,
                24,
                2,
                3,
                40,
                Activation.GELU_TANH,
                1e-5f,
                true,
                false,
                false,
                OptionalInt.of(END_OF_TEXT));
    }

    /** @param poisonedTokenId its embedding is so large that nothing after it is a number; -1: none */
    static Pretrained open(Path directory, Kernels kernels, int poisonedTokenId) {
        Gpt2Config config = config();
        try {
            Files.createDirectories(directory);
            config.write(directory.resolve("config.json"));
            write(new RandomWeights(config, 3), directory.resolve("model.safetensors"), poisonedTokenId * 24);
            return Pretrained.open(directory, kernels);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(RandomWeights weights, Path file, int poisoned) throws IOException {
        List<TensorInfo> tensors = List.copyOf(weights.tensors().values());
        try (SafeTensorsWriter writer = SafeTensorsWriter.create(file, tensors)) {
            for (TensorInfo tensor : tensors) {
                boolean poison = poisoned >= 0 && tensor.name().endsWith("wte.weight");
                weights.read(tensor.name(), (values, length, start) -> {
                    for (int i = 0; i < length && !tensor.name().contains("ln_"); i++) {
                        values[i] *= LARGER;
                    }
                    for (int i = 0; i < 24 && poison; i++) {
                        values[poisoned + i] = Float.MAX_VALUE;
                    }
                    try {
                        writer.write(tensor.name(), values, 0, length);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
            }
            writer.finish();
        }
    }
}
