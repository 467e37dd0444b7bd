package io.flinkgpt2.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged files either open and read in full, or are refused by an error of ours that names the file. */
class GgufFuzzTest {

    @TempDir
    Path directory;

    @Test
    void damagedFilesAreReadOrRefused() throws IOException {
        damage(2_000, 20_240_608);
    }

    @Test
    @Tag("full")
    void veryManyDamagedFilesAreReadOrRefused() throws IOException {
        damage(100_000, 4);
    }

    private void damage(int inputs, long seed) throws IOException {
        Path file = directory.resolve("damaged.gguf");
        SplittableRandom seeds = new SplittableRandom(seed);
        int read = 0;
        for (int i = 0; i < inputs; i++) {
            long inputSeed = seeds.nextLong();
            SplittableRandom random = new SplittableRandom(inputSeed);
            Files.write(file, GgufMutations.mutated(valid(random), random));
            long before = WeightsFixtures.allocated();
            try {
                readAll(file);
                read++;
            } catch (InvalidModelException e) {
                assertThat(e.getMessage()).contains(file.toString());
            } catch (IOException | RuntimeException | Error e) {
                fail("input of seed " + inputSeed + "L: " + e, e);
            }
            assertThat(WeightsFixtures.allocated() - before).isLessThan(WeightsFixtures.ALLOCATION_LIMIT);
        }
        // A fuzzer whose inputs all fail, or all pass, looks at half of the code.
        assertThat(read).isBetween(inputs / 50, inputs / 2);
    }

    private static byte[] valid(SplittableRandom random) {
        byte[] blocks = new byte[2 * 210];
        random.nextBytes(blocks);
        return new GgufBytes()
                .version(2 + random.nextInt(2))
                .string("general.architecture", "gpt2")
                .u32("general.alignment", 32)
                .f32("epsilon", 1e-5f)
                .strings("tokens", List.of("a", "Ġb", "<|end|>"))
                .integers("types", 1, 1, 3)
                .raw(
                        "nested",
                        GgufBytes.ARRAY,
                        GgufBytes.concat(
                                GgufBytes.u32(9), GgufBytes.u64(1), GgufBytes.u32(7), GgufBytes.u64(1), new byte[1]))
                .floats("f", new float[] {1, 2, 3, 4}, 2, 2)
                .tensor("q6", 14, blocks, 256, 2)
                .tensor("q4", 2, new byte[18], 32)
                .bytes();
    }

    private static void readAll(Path file) throws IOException {
        try (Gguf gguf = Gguf.open(file, 300)) {
            GgufMetadata metadata = gguf.metadata();
            metadata.string("general.architecture");
            metadata.integer("general.alignment");
            metadata.floatingPoint("epsilon");
            metadata.strings("tokens");
            metadata.integers("types");
            for (TensorInfo tensor : gguf.tensors().values()) {
                if (tensor.dtype().isReadable()) {
                    assertThat(WeightsFixtures.values(gguf, tensor.name())).hasSize((int) tensor.elementCount());
                }
            }
        }
    }
}
