package io.flinkgpt2.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Blocks by ggml's quantiser against the values by ggml's dequantiser, bit for bit. */
class QuantisedBlocksTest {
    private static final int ROWS = 6;
    private static final int COLUMNS = 512;

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"})
    void rule1_7_valuesOfQuantisedBlocksAreThoseOfGgmlBitForBit(DType dtype) throws IOException {
        byte[] blocks = Files.readAllBytes(WeightsFixtures.golden("quant-blocks/" + dtype + ".blocks"));
        float[] expected = new float[ROWS * COLUMNS];
        ByteBuffer.wrap(Files.readAllBytes(WeightsFixtures.golden("quant-blocks/" + dtype + ".f32")))
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer()
                .get(expected);
        Path file = new GgufBytes()
                .tensor("w", (int) GgmlType.valueOf(dtype.name()).number(), blocks, COLUMNS, ROWS)
                .write(directory.resolve("blocks.gguf"));
        // Pieces of one block, of a few with a rest, and the whole.
        for (int bufferBytes : new int[] {1, 700, TensorStream.BUFFER_BYTES}) {
            try (Gguf gguf = Gguf.open(file, bufferBytes)) {
                assertThat(gguf.tensors().get("w")).isEqualTo(TensorInfo.of("w", dtype, ROWS, COLUMNS));
                assertThat(WeightsFixtures.bits(WeightsFixtures.values(gguf, "w")))
                        .isEqualTo(WeightsFixtures.bits(expected));
            }
        }
    }

    /** The table is ggml's kvalues_iq4nl; there is no file of ggml's quantiser for this type. */
    @Test
    void rule1_7_valuesOfIq4NlAreScaledEntriesOfItsTable() throws IOException {
        int[] table = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
        // Two blocks: 0.5 and -3 in binary16, then nibbles.
        int[] scales = {0x3800, 0xC200};
        float[] scaleValues = {0.5f, -3};
        ByteBuffer blocks = ByteBuffer.allocate(36).order(ByteOrder.LITTLE_ENDIAN);
        float[] expected = new float[64];
        for (int block = 0; block < 2; block++) {
            blocks.putShort((short) scales[block]);
            for (int i = 0; i < 16; i++) {
                int low = i;
                int high = (i * 7 + block) % 16;
                blocks.put((byte) (low | high << 4));
                expected[32 * block + i] = scaleValues[block] * table[low];
                expected[32 * block + 16 + i] = scaleValues[block] * table[high];
            }
        }
        Path file = new GgufBytes().tensor("w", 20, blocks.array(), 32, 2).write(directory.resolve("iq4_nl.gguf"));
        try (Gguf gguf = Gguf.open(file)) {
            assertThat(gguf.tensors().get("w")).isEqualTo(TensorInfo.of("w", DType.IQ4_NL, 2, 32));
            assertThat(WeightsFixtures.values(gguf, "w")).containsExactly(expected);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F16", "Q4_0", "IQ4_NL", "Q2_K"})
    void piecesAreBoundedByTheirValuesToo(DType dtype) throws IOException {
        long rows = 40;
        byte[] stored = new byte[(int) dtype.byteCount(rows * COLUMNS)];
        Path file = new GgufBytes()
                .tensor("w", (int) GgmlType.valueOf(dtype.name()).number(), stored, COLUMNS, rows)
                .write(directory.resolve("bounded.gguf"));
        try (Gguf gguf = Gguf.open(file, 8_192)) {
            long[] most = {0};
            gguf.read("w", (values, length, start) -> most[0] = Math.max(most[0], length));
            assertThat(most[0]).isBetween(3_000L, 4_096L);
        }
    }
}
