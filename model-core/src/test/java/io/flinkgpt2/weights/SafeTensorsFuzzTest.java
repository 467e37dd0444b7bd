package io.flinkgpt2.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged files either open and read in full, or are refused by an error of ours that names the file. */
class SafeTensorsFuzzTest {
    private static final String HEADER = """
            {"__metadata__":{"format":"pt"},"wte.weight":{"dtype":"F32","shape":[5,3],"data_offsets":[0,60]},\
            "ln_f.bias":{"dtype":"F16","shape":[7],"data_offsets":[60,74]},\
            "e":{"dtype":"BF16","shape":[2,0],"data_offsets":[74,74]},\
            "b":{"dtype":"BF16","shape":[],"data_offsets":[74,76]},\
            "attn.bias":{"dtype":"BOOL","shape":[1,1,2,2],"data_offsets":[76,80]}}  \
            """;

    private static final String[] PIECES = {
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\"dtype\":",
        "\"shape\":[1],",
        "\"F16\"",
        "\"F32\"",
        "\"I64\"",
        "-",
        "0",
        "1",
        "74",
        "9223372036854775807",
        "99999999999999999999",
        "1e3",
        "null",
        "true",
        "\u0000",
        "\ud83d\ude00",
        "\\u0000",
        "\"__metadata__\":{},",
        "[[[[[[[[",
        " ",
        "\n",
        "\"b\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},"
    };

    @TempDir
    Path directory;

    @Test
    void damagedFilesAreReadOrRefused() throws IOException {
        damage(2_000, 20_240_607);
    }

    @Test
    @Tag("full")
    void veryManyDamagedFilesAreReadOrRefused() throws IOException {
        damage(100_000, 3);
    }

    private void damage(int inputs, long seed) throws IOException {
        Path file = directory.resolve("damaged.safetensors");
        SplittableRandom seeds = new SplittableRandom(seed);
        int read = 0;
        for (int i = 0; i < inputs; i++) {
            long inputSeed = seeds.nextLong();
            Files.write(file, mutated(new SplittableRandom(inputSeed)));
            long before = WeightsFixtures.allocated();
            try {
                readAll(file);
                read++;
            } catch (InvalidModelException e) {
                assertThat(e.getMessage()).contains(file.toString());
            } catch (IOException | RuntimeException | Error e) {
                fail("input of seed " + inputSeed + "L: " + e, e);
            }
            assertThat(WeightsFixtures.allocated() - before)
                    .as("bytes allocated for the input of seed %dL", inputSeed)
                    .isLessThan(WeightsFixtures.ALLOCATION_LIMIT);
        }
        // A fuzzer whose inputs all fail, or all pass, looks at half of the code.
        assertThat(read).isBetween(inputs / 50, inputs / 2);
    }

    private static void readAll(Path file) throws IOException {
        try (SafeTensors weights = SafeTensors.open(file, 16)) {
            for (TensorInfo tensor : weights.tensors().values()) {
                if (tensor.dtype().isReadable()) {
                    assertThat(WeightsFixtures.values(weights, tensor.name())).hasSize((int) tensor.elementCount());
                }
            }
        }
    }

    private static byte[] mutated(SplittableRandom random) {
        byte[] header = HEADER.getBytes(StandardCharsets.UTF_8);
        byte[] data = new byte[80];
        random.nextBytes(data);
        long length = header.length;
        int mutations = 1 + random.nextInt(3);
        boolean lengthFollows = random.nextInt(4) != 0;
        for (int i = 0; i < mutations; i++) {
            switch (random.nextInt(8)) {
                case 0 -> header[random.nextInt(header.length)] ^= (byte) (1 << random.nextInt(8));
                case 1 -> header[random.nextInt(header.length)] = (byte) random.nextInt(256);
                case 2 -> header = splice(header, random, 1 + random.nextInt(8), "");
                case 3 -> header = splice(header, random, random.nextInt(3), PIECES[random.nextInt(PIECES.length)]);
                case 4 -> changeDigit(header, random);
                case 5 -> data = Arrays.copyOf(data, random.nextInt(100));
                case 6 -> random.nextBytes(data);
                default -> length ^= 1L << random.nextInt(64);
            }
        }
        if (lengthFollows && length == HEADER.length()) {
            length = header.length;
        }
        byte[] all = WeightsFixtures.withLength(length, header, data);
        boolean cut = random.nextInt(10) == 0;
        return cut ? Arrays.copyOf(all, random.nextInt(all.length)) : all;
    }

    private static byte[] splice(byte[] bytes, SplittableRandom random, int removed, String inserted) {
        int from = random.nextInt(bytes.length);
        int to = Math.min(bytes.length, from + removed);
        byte[] middle = inserted.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(from + middle.length + bytes.length - to)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(bytes, 0, from)
                .put(middle)
                .put(bytes, to, bytes.length - to)
                .array();
    }

    private static void changeDigit(byte[] header, SplittableRandom random) {
        int start = random.nextInt(header.length);
        for (int i = start; i < header.length; i++) {
            if (header[i] >= '0' && header[i] <= '9') {
                header[i] = (byte) ('0' + random.nextInt(10));
                return;
            }
        }
    }
}
