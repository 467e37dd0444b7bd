package io.flinkgpt2.pretrained;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.flinkgpt2.model.GgufModels;
import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.tokenizer.InvalidVocabularyException;
import io.flinkgpt2.weights.GgufBytes;
import io.flinkgpt2.weights.GgufMutations;
import io.flinkgpt2.weights.InvalidModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged GGUF models with a vocabulary either load, or are refused by an error of ours that names the file. */
class PretrainedGgufFuzzTest {

    @TempDir
    Path directory;

    @Test
    void damagedModelsAreLoadedOrRefused() throws IOException {
        damage(500, 20_240_609);
    }

    @Test
    @Tag("full")
    void veryManyDamagedModelsAreLoadedOrRefused() throws IOException {
        damage(20_000, 5);
    }

    private void damage(int inputs, long seed) throws IOException {
        byte[] valid = valid();
        // Data are most of the file, and their damage is of one kind only: all mutations but a few are of the head.
        int headBytes = valid.length - dataBytes();
        byte[] head = Arrays.copyOf(valid, headBytes);
        Path file = directory.resolve("damaged.gguf");
        SplittableRandom seeds = new SplittableRandom(seed);
        int loaded = 0;
        for (int i = 0; i < inputs; i++) {
            long inputSeed = seeds.nextLong();
            SplittableRandom random = new SplittableRandom(inputSeed);
            byte[] damaged = random.nextInt(8) == 0
                    ? GgufMutations.mutated(valid, random)
                    : GgufBytes.concat(
                            GgufMutations.mutated(head, random), Arrays.copyOfRange(valid, headBytes, valid.length));
            Files.write(file, damaged);
            try {
                assertThat(Pretrained.open(file, Kernels.reference()).revision())
                        .hasSize(16);
                loaded++;
            } catch (InvalidModelException | InvalidVocabularyException e) {
                assertThat(e.getMessage()).contains(file.toString());
            } catch (IOException | RuntimeException | Error e) {
                fail("input of seed " + inputSeed + "L: " + e, e);
            }
        }
        assertThat(loaded).isBetween(inputs / 50, inputs / 2);
    }

    private static byte[] valid() {
        GgufBytes bytes = metadata();
        GgufModels.tensors(bytes, 12);
        return bytes.bytes();
    }

    private static int dataBytes() {
        GgufBytes bytes = new GgufBytes();
        return GgufModels.tensors(bytes, 12).values().stream()
                .mapToInt(values -> (4 * values.length + 31) / 32 * 32)
                .sum();
    }

    private static GgufBytes metadata() {
        return GgufModels.metadata()
                .string("tokenizer.ggml.model", "gpt2")
                .strings("tokenizer.ggml.tokens", List.of("a", "b", "c", "ab", "abc", "Ġ", "<|endoftext|>", "[PAD7]"))
                .strings("tokenizer.ggml.merges", List.of("a b", "ab c"))
                .integers("tokenizer.ggml.token_type", 1, 1, 1, 1, 1, 1, 3, 5)
                .u32("tokenizer.ggml.eos_token_id", 6);
    }
}
