package io.flinkgpt2.validation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flinkgpt2.model.GoldenModel;
import io.flinkgpt2.model.Gpt2;
import io.flinkgpt2.pretrained.LoadOptions;
import io.flinkgpt2.pretrained.ModelCopy;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.tensor.Activation;
import io.flinkgpt2.weights.LlmcFiles;
import io.flinkgpt2.weights.TrainingCheckpoint;
import io.flinkgpt2.weights.WeightsFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models that were trained from scratch, against what PyTorch computes of the same weights in float64. */
class TrainingCheckpointsTest {
    private static final Path NANOGPT = GoldenModel.directory("nanogpt");

    @TempDir
    Path directory;

    private static JsonNode expected(String field) throws IOException {
        return new ObjectMapper()
                .readTree(Files.readAllBytes(NANOGPT.resolve("expected.json")))
                .get(field);
    }

    private static int[] ints(String field) throws IOException {
        return GoldenModel.ints(expected(field));
    }

    private static int[] greedy(Pretrained pretrained) throws IOException {
        int[] ids = ints("promptTokenIds");
        int promptLength = ids.length;
        for (int i = 0; i < 20; i++) {
            float[] logits = Passes.lastLogits(pretrained.model(), ids);
            int best = 0;
            for (int id = 1; id < logits.length; id++) {
                best = logits[id] > logits[best] ? id : best;
            }
            ids = Arrays.copyOf(ids, ids.length + 1);
            ids[ids.length - 1] = best;
        }
        return Arrays.copyOfRange(ids, promptLength, ids.length);
    }

    private static void assertSameLogits(Gpt2 found, Gpt2 twin) throws IOException {
        int[] ids = ints("promptTokenIds");
        assertThat(Passes.lastLogits(found, ids)).isEqualTo(Passes.lastLogits(twin, ids));
    }

    @Test
    void rule2_1_aModelOfCharactersTakesTokenIdsOnly() throws IOException {
        Pretrained pretrained = Pretrained.open(NANOGPT);
        assertThat(pretrained.tokenizer().refusalOfText().orElseThrow())
                .contains("50257 tokens where this model has 65");
        assertThat(Pretrained.openTokenizer(NANOGPT).refusalOfText()).isPresent();
        assertThat(pretrained.config().endOfTextIds()).isEmpty();
    }

    private Path llmc(int version, int paddedRows, float padding) throws IOException {
        try (TrainingCheckpoint checkpoint = (TrainingCheckpoint) WeightsFiles.open(NANOGPT)) {
            return LlmcFiles.write(
                    directory.resolve("version-" + version + ".bin"), version, checkpoint, paddedRows, padding);
        }
    }

    @Test
    void rule1_4_nanoGptsCheckpointGivesWhatPyTorchComputes() throws IOException {
        Pretrained pretrained = Pretrained.open(NANOGPT);
        assertThat(pretrained.config().activation()).isEqualTo(Activation.GELU);
        assertThat(pretrained.config().layerNormEpsilon()).isEqualTo(1e-5f);
        assertThat(pretrained.weights().isTied()).isTrue();
        assertThat(pretrained.config()).isEqualTo(Pretrained.openConfig(NANOGPT.resolve("ckpt.pt")));
        assertThat(greedy(pretrained)).isEqualTo(ints("greedyTokenIds"));

        double[] golden = GoldenModel.doubles(expected("lastLogits"));
        double largest = Comparison.largestMagnitude(golden);
        int[] prompt = ints("promptTokenIds");
        float[] found = Passes.lastLogits(pretrained.model(), prompt);
        double[][] reference = ReferencePass.run(pretrained.config(), pretrained.weights(), prompt)
                .logits();
        for (int id = 0; id < golden.length; id++) {
            assertThat((double) found[id]).isCloseTo(golden[id], within(2e-5 * largest));
            assertThat(reference[reference.length - 1][id]).isCloseTo(golden[id], within(1e-7 * largest));
        }
        assertThat(Pretrained.open(NANOGPT.resolve("ckpt.pt")).revision()).isEqualTo(pretrained.revision());
    }

    @Test
    void rule3_7_theWrongActivationGivesOtherTokens() throws IOException {
        LoadOptions tanh = LoadOptions.defaults().withActivation(Activation.GELU_TANH);
        Pretrained other = Pretrained.open(NANOGPT, tanh);
        assertThat(greedy(other)).isEqualTo(ints("withTanhGelu")).isNotEqualTo(ints("greedyTokenIds"));
        assertThat(other.revision()).isNotEqualTo(Pretrained.open(NANOGPT).revision());
    }

    @Test
    void rule3_7_llmcsCheckpointIsThatOfTheTanhForm() throws IOException {
        // The rows that pad the vocabulary would win everywhere.
        Path file = llmc(3, 128, 1000);
        Pretrained pretrained = Pretrained.open(file);
        assertThat(pretrained.config().activation()).isEqualTo(Activation.GELU_TANH);
        assertThat(pretrained.config().vocabularySize()).isEqualTo(65);
        assertThat(greedy(pretrained)).isEqualTo(ints("withTanhGelu"));
        LoadOptions tanh = LoadOptions.defaults().withActivation(Activation.GELU_TANH);
        assertSameLogits(pretrained.model(), Pretrained.open(NANOGPT, tanh).model());
        assertThat(Pretrained.openConfig(file)).isEqualTo(pretrained.config());
    }

    @Test
    void rule1_7_copiesGiveTheSameLogitsBitForBit() throws IOException {
        for (Path source : new Path[] {NANOGPT, llmc(3, 65, 0), llmc(5, 65, 0)}) {
            Pretrained pretrained = Pretrained.open(source);
            Path target = directory.resolve("copy-of-" + source.getFileName());
            ModelCopy.Result result = ModelCopy.write(pretrained, source, target);
            assertThat(result.files()).endsWith("config.json", "model.safetensors");
            Pretrained copy = Pretrained.open(target);
            assertThat(copy.config()).isEqualTo(pretrained.config());
            assertSameLogits(copy.model(), pretrained.model());
        }
    }

    @Test
    void rule2_1_paddedRowsOfGpt2sVocabularyAreNeverDrawnAndItsTokenizerServes() throws IOException {
        int width = 2;
        int[] sizes = {4, 50257, 1, 1, width, 50304};
        byte[] content = LlmcFiles.bytes(3, sizes, name -> {
            int elements = switch (name.replaceFirst("h\\.0\\.", "")) {
                case "wte.weight" -> 50304 * width;
                case "wpe.weight" -> 4 * width;
                case "attn.c_attn.weight" -> 3 * width * width;
                case "attn.c_attn.bias" -> 3 * width;
                case "attn.c_proj.weight" -> width * width;
                case "mlp.c_fc.weight", "mlp.c_proj.weight" -> 4 * width * width;
                case "mlp.c_fc.bias" -> 4 * width;
                default -> width;
            };
            float[] values = new float[elements];
            if (name.equals("ln_f.bias")) {
                Arrays.fill(values, 1);
            } else if (name.equals("wte.weight")) {
                Arrays.fill(values, 50257 * width, values.length, 100);
                values[50256 * width] = 5;
            }
            return values;
        });
        Path file = Files.write(directory.resolve("gpt2_124M.bin"), content);
        Pretrained pretrained = Pretrained.open(file);
        assertThat(pretrained.config().vocabularySize()).isEqualTo(50257);
        assertThat(pretrained.tokenizer().encode("Hello world")).containsExactly(15496, 995);
        float[] logits = Passes.lastLogits(pretrained.model(), new int[] {1});
        assertThat(logits).hasSize(50257);
        assertThat(logits[50256]).isEqualTo(5);
    }
}
