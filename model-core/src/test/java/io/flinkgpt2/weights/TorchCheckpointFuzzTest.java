package io.flinkgpt2.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged golden checkpoints either open and read in full, or are refused by an error of ours that names the file. */
class TorchCheckpointFuzzTest {
    /** Opcodes and arguments, inserted anywhere: some that tensors need, some that nobody does. */
    private static final String[] PIECES = {
        "(",
        "t",
        ")",
        "]",
        "}",
        "e",
        "a",
        "s",
        "u",
        "b",
        "R",
        "Q",
        "N",
        ".",
        "0",
        "1",
        "2",
        "d",
        "l",
        "o",
        "h\0",
        "q\0",
        "r\u00ff\u00ff\u00ff\u007f",
        "j\0\0\0\0",
        "K\u0007",
        "M\u00ff\u00ff",
        "J\u00ff\u00ff\u00ff\u00ff",
        "\u008a\u0008\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f",
        "\u008a\u0009123456789",
        "X\u00ff\u00ff\u00ff\u007f",
        "X\0\0\0\0",
        "\u008c\u0001w",
        "\u0085",
        "\u0086",
        "\u0087",
        "\u0088",
        "\u0089",
        "\u0080\u0005",
        "\u0081",
        "\u0093",
        "\u0094",
        "\u0095",
        "cos\nsystem\n",
        "ibuiltins\neval\n",
        "ctorch\nHalfStorage\n",
        "ctorch\nSize\n",
        "ccollections\nOrderedDict\n",
        "ctorch._utils\n_rebuild_tensor_v2\n",
        "ctorch._utils\n_rebuild_parameter\n",
        "G\u007f\u00f0\0\0\0\0\0\0",
        "U\u0003abc",
        "\u0082\u0001",
        "PK\u0001\u0002",
        "PK\u0003\u0004"
    };

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"tied-tanh/pytorch_model.bin", "tied-tanh/pytorch_model-legacy.bin"})
    void damagedFilesAreReadOrRefused(String golden) throws IOException {
        damage(golden, 2_000, 20_261_122);
    }

    @ParameterizedTest
    @ValueSource(strings = {"tied-tanh/pytorch_model.bin", "tied-tanh/pytorch_model-legacy.bin"})
    @Tag("full")
    void veryManyDamagedFilesAreReadOrRefused(String golden) throws IOException {
        damage(golden, 50_000, 5);
    }

    @Test
    void theMutationsReachEveryPartOfTheFile() {
        byte[] golden = new byte[100_000];
        SplittableRandom random = new SplittableRandom(1);
        boolean[] reached = new boolean[4];
        for (int i = 0; i < 200; i++) {
            reached[place(golden, random) * 4 / golden.length] = true;
        }
        assertThat(reached).containsOnly(true);
    }

    private void damage(String golden, int inputs, long seed) throws IOException {
        byte[] whole = Files.readAllBytes(WeightsFixtures.golden(golden));
        Path file = Files.write(directory.resolve("damaged.bin"), whole);
        byte[] onDisk = whole;
        SplittableRandom seeds = new SplittableRandom(seed);
        int read = 0;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            for (int i = 0; i < inputs; i++) {
                long inputSeed = seeds.nextLong();
                byte[] mutated = mutated(whole, new SplittableRandom(inputSeed));
                update(channel, onDisk, mutated);
                onDisk = mutated;
                read += isRead(file, inputSeed) ? 1 : 0;
            }
        }
        // A fuzzer whose inputs all fail, or all pass, looks at half of the code.
        assertThat(read).isBetween(inputs / 50, inputs / 2);
    }

    private static boolean isRead(Path file, long inputSeed) {
        long before = WeightsFixtures.allocated();
        boolean read = false;
        try {
            readAll(file);
            read = true;
        } catch (InvalidModelException e) {
            assertThat(e.getMessage()).contains(file.toString());
        } catch (IOException | RuntimeException | Error e) {
            fail("input of seed " + inputSeed + "L: " + e, e);
        }
        assertThat(WeightsFixtures.allocated() - before)
                .as("bytes allocated for the input of seed %dL", inputSeed)
                .isLessThan(WeightsFixtures.ALLOCATION_LIMIT);
        return read;
    }

    /** Writes the pages that differ: the whole file would be most of the time. */
    private static void update(FileChannel channel, byte[] onDisk, byte[] wanted) throws IOException {
        int page = 4_096;
        for (int from = 0; from < wanted.length; from += page) {
            int to = Math.min(wanted.length, from + page);
            if (to > onDisk.length || !Arrays.equals(onDisk, from, to, wanted, from, to)) {
                channel.write(ByteBuffer.wrap(wanted, from, to - from), from);
            }
        }
        channel.truncate(wanted.length);
    }

    private static void readAll(Path file) throws IOException {
        try (TorchCheckpoint weights = TorchCheckpoint.open(file, 1 << 16)) {
            for (TensorInfo tensor : weights.tensors().values()) {
                if (tensor.dtype().isReadable()) {
                    long[] count = {0};
                    weights.read(tensor.name(), (values, length, start) -> count[0] += length);
                    assertThat(count[0]).isEqualTo(tensor.elementCount());
                }
            }
        }
    }

    private static byte[] mutated(byte[] whole, SplittableRandom random) {
        byte[] bytes = whole.clone();
        int mutations = 1 + random.nextInt(3);
        for (int i = 0; i < mutations; i++) {
            int at = place(bytes, random);
            switch (random.nextInt(7)) {
                case 0, 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 2 -> bytes[at] = (byte) random.nextInt(256);
                case 3, 4 -> {
                    byte[] piece = PIECES[random.nextInt(PIECES.length)].getBytes(StandardCharsets.ISO_8859_1);
                    System.arraycopy(piece, 0, bytes, at, Math.min(piece.length, bytes.length - at));
                }
                case 5 -> bytes = splice(bytes, at, random.nextInt(8), PIECES[random.nextInt(PIECES.length)]);
                default -> {
                    int from = place(bytes, random);
                    int length = random.nextInt(Math.min(64, bytes.length - Math.max(from, at)) + 1);
                    System.arraycopy(whole, Math.min(from, whole.length - length), bytes, at, length);
                }
            }
        }
        return random.nextInt(20) == 0 ? Arrays.copyOf(bytes, place(bytes, random)) : bytes;
    }

    /** Mostly in the pickles, at the start of both forms, and in the directory, at the end of one. */
    private static int place(byte[] bytes, SplittableRandom random) {
        int near = Math.min(4_500, bytes.length);
        return switch (random.nextInt(8)) {
            case 0, 1, 2, 3 -> random.nextInt(near);
            case 4, 5 -> bytes.length - 1 - random.nextInt(near);
            case 6 -> random.nextInt(Math.min(150, bytes.length));
            default -> random.nextInt(bytes.length);
        };
    }

    private static byte[] splice(byte[] bytes, int from, int removed, String inserted) {
        int to = Math.min(bytes.length, from + removed);
        byte[] middle = inserted.getBytes(StandardCharsets.ISO_8859_1);
        return ByteBuffer.allocate(from + middle.length + bytes.length - to)
                .put(bytes, 0, from)
                .put(middle)
                .put(bytes, to, bytes.length - to)
                .array();
    }
}
