package io.flinkgpt2.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checkpoints of llm.c that lie, each refused with a message that names the place. */
class LlmcHostileTest {
    @TempDir
    Path directory;

    private InvalidModelException refusal(byte[] content) throws IOException {
        Path file = Files.write(directory.resolve("model.bin"), content);
        return WeightsFixtures.refusal(file, () -> WeightsFiles.open(file).close());
    }

    private InvalidModelException refusalOfHeader(int... numbers) throws IOException {
        return refusal(LlmcFiles.header(numbers));
    }

    @Test
    void refusesOtherVersions() throws IOException {
        for (int version : new int[] {0, 1, 2, 4, 6, -3, 3 << 24}) {
            InvalidModelException e = refusalOfHeader(20240326, version, 8, 16, 1, 1, 4, 16);
            assertThat(e.subject()).isEqualTo("header, version");
            assertThat(e.expected()).isEqualTo("3 (float32) or 5 (bfloat16)");
        }
    }

    @Test
    void refusesSizesBelowOne() throws IOException {
        for (int field = 2; field < 8; field++) {
            for (int bad : new int[] {0, -1, Integer.MIN_VALUE}) {
                int[] numbers = {20240326, 3, 8, 16, 1, 1, 4, 16};
                numbers[field] = bad;
                assertThat(refusalOfHeader(numbers).subject()).startsWith("header, ");
            }
        }
    }

    @Test
    void refusesHeadsThatDoNotDivideTheWidthAndRowsBelowTheVocabulary() throws IOException {
        assertThat(refusalOfHeader(20240326, 3, 8, 16, 1, 3, 4, 16).subject()).isEqualTo("header, embedding size");
        assertThat(refusalOfHeader(20240326, 3, 8, 16, 1, 1, 4, 15).subject())
                .isEqualTo("header, padded vocabulary size");
    }

    @Test
    void rule1_8_refusesSizesBeyondTheFileWhateverTheyClaim() throws IOException {
        int most = Integer.MAX_VALUE;
        assertThat(refusalOfHeader(20240326, 3, most, most, 1, 1, most, most).subject())
                .isEqualTo("file");
        assertThat(refusalOfHeader(20240326, 5, 1, 1, 1365, most, most, most).found())
                .isEqualTo("1024 bytes");
        assertThat(refusalOfHeader(20240326, 3, 8, 16, most, 1, 4, 16).subject())
                .isEqualTo("header, layer count");
        assertThat(refusalOfHeader(20240326, 3, 8, 16, 1366, 1, 1, 16).expected())
                .isEqualTo("at most 1365");
    }

    @Test
    void refusesAFileThatIsTooShortOrTooLong() throws IOException {
        int[] sizes = {8, 16, 1, 1, 4, 16};
        byte[] whole = LlmcFiles.bytes(3, sizes, name -> new float[elements(name)]);
        Path file = Files.write(directory.resolve("whole.bin"), whole);
        try (WeightsFile weights = WeightsFiles.open(file)) {
            assertThat(weights).isInstanceOf(LlmcCheckpoint.class);
            assertThat(weights.tensors()).hasSize(16);
        }
        for (int length : new int[] {4, 8, 1023, 1024, whole.length - 1, whole.length + 1}) {
            assertThat(refusal(Arrays.copyOf(whole, length)).found()).isEqualTo(length + " bytes");
        }
    }

    private static int elements(String name) {
        int width = 4;
        return switch (name.replaceFirst("h\\.0\\.", "")) {
            case "wte.weight" -> 16 * width;
            case "wpe.weight" -> 8 * width;
            case "attn.c_attn.weight" -> 3 * width * width;
            case "attn.c_attn.bias" -> 3 * width;
            case "attn.c_proj.weight" -> width * width;
            case "mlp.c_fc.weight", "mlp.c_proj.weight" -> 4 * width * width;
            case "mlp.c_fc.bias" -> 4 * width;
            default -> width;
        };
    }

    @Test
    void namesATensorThatIsNotThere() throws IOException {
        byte[] whole = LlmcFiles.bytes(5, new int[] {8, 16, 1, 1, 4, 16}, name -> new float[elements(name)]);
        Path file = Files.write(directory.resolve("whole.bin"), whole);
        try (WeightsFile weights = WeightsFiles.open(file)) {
            assertThat(WeightsFixtures.refusal(
                                    file, () -> weights.read("lm_head.weight", (values, length, start) -> {}))
                            .subject())
                    .isEqualTo("tensor 'lm_head.weight'");
            assertThat(weights.tensors().get("h.0.mlp.c_proj.weight"))
                    .isEqualTo(TensorInfo.of("h.0.mlp.c_proj.weight", DType.BF16, 4, 16));
        }
    }
}
