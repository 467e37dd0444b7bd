package io.flinkgpt2.job.function;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.model.RandomWeights;
import io.flinkgpt2.tensor.Activation;
import io.flinkgpt2.weights.SafeTensorsWriter;
import io.flinkgpt2.weights.TensorInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

/** Writes a model of one layer and eight channels with GPT-2's vocabulary. */
public final class TinyModel {

    public static final int CONTEXT_LENGTH = 32;

    private TinyModel() {}

    /** @param factor what all of its weights are multiplied by */
    public static Path write(Path directory, float factor) throws IOException {
        return write(directory, factor, CONTEXT_LENGTH);
    }

    /** @param endOfNumbers from this position on nothing that is computed is a number */
    public static Path write(Path directory, float factor, int endOfNumbers) throws IOException {
        return write(directory, factor, endOfNumbers, CONTEXT_LENGTH);
    }

    /** @param contextLength in place of {@value #CONTEXT_LENGTH} */
    public static Path writeOfLength(Path directory, float factor, int contextLength) throws IOException {
        return write(directory, factor, contextLength, contextLength);
    }

    private static Path write(Path directory, float factor, int endOfNumbers, int contextLength) throws IOException {
        Files.createDirectories(directory);
        Gpt2Config config = new Gpt2Config(
                50257,
                contextLength,
                8,
                1,
                2,
                32,
                Activation.GELU_TANH,
                1e-5f,
                true,
                false,
                true,
                OptionalInt.of(Gpt2Config.DEFAULT_END_OF_TEXT_ID));
        config.write(directory.resolve("config.json"));
        RandomWeights weights = new RandomWeights(config, 1);
        List<TensorInfo> tensors = List.copyOf(weights.tensors().values());
        try (SafeTensorsWriter writer = SafeTensorsWriter.create(directory.resolve("model.safetensors"), tensors)) {
            for (TensorInfo tensor : tensors) {
                weights.read(tensor.name(), (values, length, start) -> {
                    for (int i = 0; i < length; i++) {
                        boolean spoiled = tensor.name().endsWith("wpe.weight") && start + i >= 8L * endOfNumbers;
                        values[i] = spoiled ? Float.MAX_VALUE : values[i] * factor;
                    }
                    write(writer, tensor, values, length);
                });
            }
            writer.finish();
        }
        return directory;
    }

    /** Gives a model a tokenizer whose tokens are single bytes but for {@code qz}, in another order than GPT-2's; the other ids are never made. */
    public static Path writeTokenizerOfBytes(Path model) throws IOException {
        ObjectNode vocabulary = new ObjectMapper().createObjectNode();
        int beyond = 256;
        for (int i = 0; i < 256; i++) {
            // GPT-2's own characters for bytes: those that print stand for themselves.
            boolean prints = i >= '!' && i <= '~' || i >= 0xA1 && i <= 0xAC || i >= 0xAE;
            vocabulary.put(String.valueOf((char) (prints ? i : beyond++)), 255 - i);
        }
        vocabulary.put("qz", 256);
        for (int id = 257; id < Gpt2Config.DEFAULT_END_OF_TEXT_ID; id++) {
            vocabulary.put("token " + id, id);
        }
        vocabulary.put("<|endoftext|>", Gpt2Config.DEFAULT_END_OF_TEXT_ID);
        Files.writeString(model.resolve("vocab.json"), vocabulary.toString());
        Files.writeString(model.resolve("merges.txt"), "#version: 0.2\nq z\n");
        return model;
    }

    private static void write(SafeTensorsWriter writer, TensorInfo tensor, float[] values, int length) {
        try {
            writer.write(tensor.name(), values, 0, length);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
