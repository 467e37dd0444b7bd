package io.flinkgpt2.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.flinkgpt2.tensor.Activation;
import io.flinkgpt2.weights.Gguf;
import io.flinkgpt2.weights.GgufBytes;
import io.flinkgpt2.weights.InvalidModelException;
import io.flinkgpt2.weights.TensorSink;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Config and weights of a GGUF file: everything in its place, and what contradicts itself refused by name. */
class GgufConfigTest {
    private static final int VOCABULARY = 20;

    @TempDir
    Path directory;

    private Gpt2Config config(GgufBytes bytes) throws IOException {
        try (Gguf file = Gguf.open(bytes.write(directory.resolve("model.gguf")))) {
            return Gpt2Config.read(file);
        }
    }

    private Gpt2Config configWithTensors(GgufBytes bytes) throws IOException {
        GgufModels.tensors(bytes, VOCABULARY);
        return config(bytes);
    }

    private Gpt2Weights load(GgufBytes bytes) throws IOException {
        Path path = bytes.write(directory.resolve("model.gguf"));
        try (Gguf file = Gguf.open(path)) {
            return Gpt2Weights.load(file, Gpt2Config.read(file), path);
        }
    }

    private ThrowableAssertAlternative<InvalidModelException> assertRefused(GgufBytes bytes) {
        return assertThatExceptionOfType(InvalidModelException.class)
                .isThrownBy(() -> load(bytes))
                .withMessageContaining("model.gguf: ");
    }

    private ThrowableAssertAlternative<InvalidModelException> assertRefusedWithTensors(GgufBytes bytes) {
        GgufModels.tensors(bytes, VOCABULARY);
        return assertRefused(bytes);
    }

    @Test
    void rule1_7_rule2_4_rule3_7_hyperParametersComeFromTheMetadataAndTheVocabularySizeFromTheEmbedding()
            throws IOException {
        Gpt2Config config = configWithTensors(GgufModels.metadata());
        assertThat(config.vocabularySize()).isEqualTo(VOCABULARY);
        assertThat(config.contextLength()).isEqualTo(12);
        assertThat(config.embeddingSize()).isEqualTo(8);
        assertThat(config.layerCount()).isEqualTo(2);
        assertThat(config.headCount()).isEqualTo(2);
        assertThat(config.innerSize()).isEqualTo(24);
        assertThat(config.layerNormEpsilon()).isEqualTo(1e-5f);
        assertThat(config.activation()).isEqualTo(Activation.GELU_TANH);
        assertThat(config.scaleAttentionWeights()).isTrue();
        assertThat(config.scaleAttentionByInverseLayer()).isFalse();
    }

    @Test
    void aGoldenFilesConfigIsThatOfTheConfigBesideIt() throws IOException {
        for (String name : List.of("gguf/model-Q8_0.gguf", "gguf-k/model-Q2_K.gguf")) {
            GoldenModel golden = GoldenModel.openGguf(name);
            Gpt2Config beside = Gpt2Config.read(golden.directory().resolveSibling("config.json"));
            assertThat(golden.config())
                    .usingRecursiveComparison()
                    .ignoringFields("endOfTextIds")
                    .isEqualTo(beside);
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "19, 19", "20, -1", "50256, -1", "-1, -1"})
    void rule2_4_theEndOfTextIdIsTheMetadatasIfItIsInTheVocabulary(int id, int expected) throws IOException {
        Gpt2Config config = configWithTensors(GgufModels.metadata().u32("tokenizer.ggml.eos_token_id", id));
        assertThat(config.endOfTextId().orElse(-1)).isEqualTo(expected);
    }

    @Test
    void rule2_4_theEndOfATurnEndsTheTextToo() throws IOException {
        assertThat(configWithTensors(GgufModels.metadata()
                                .u32("tokenizer.ggml.eos_token_id", 4)
                                .u32("tokenizer.ggml.eot_token_id", 2))
                        .endOfTextIds())
                .containsExactly(4, 2);
    }

    @Test
    void rule2_4_withoutAnEndOfTextIdItIsGpt2sOwnIfTheVocabularyIsLargeEnough() throws IOException {
        assertThat(configWithTensors(GgufModels.metadata()).endOfTextId()).isEmpty();
        GgufBytes large = GgufModels.metadata().tensor("token_embd.weight", 24, new byte[50_257], 1, 50_257);
        assertThat(config(large).endOfTextId()).hasValue(50_256);
    }

    @Test
    void rule1_7_everyValueArrivesInItsPlace() throws IOException {
        GgufBytes bytes = GgufModels.metadata();
        Map<String, float[]> values = GgufModels.tensors(bytes, VOCABULARY);
        Gpt2Weights weights = load(bytes);
        assertThat(weights.isTied()).isTrue();
        assertThat(weights.tokenEmbedding().get(3, 19)).isEqualTo(values.get("token_embd.weight")[19 * 8 + 3]);
        assertThat(weights.positionEmbedding()).containsExactly(values.get("position_embd.weight"));
        Gpt2Weights.Block block = weights.blocks().get(1);
        // Rows of the file are outputs.
        assertThat(block.attention().weight().get(5, 17)).isEqualTo(values.get("blk.1.attn_qkv.weight")[17 * 8 + 5]);
        assertThat(block.attentionProjection().weight().get(1, 7))
                .isEqualTo(values.get("blk.1.attn_output.weight")[7 * 8 + 1]);
        assertThat(block.feedForward().weight().get(2, 23)).isEqualTo(values.get("blk.1.ffn_up.weight")[23 * 8 + 2]);
        assertThat(block.feedForwardProjection().weight().get(23, 4))
                .isEqualTo(values.get("blk.1.ffn_down.weight")[4 * 24 + 23]);
        assertThat(block.attention().bias()).startsWith(values.get("blk.1.attn_qkv.bias"));
        assertThat(block.layerNorm1().weight()).startsWith(values.get("blk.1.attn_norm.weight"));
        assertThat(block.layerNorm2().bias()).startsWith(values.get("blk.1.ffn_norm.bias"));
        assertThat(weights.finalLayerNorm().weight()).startsWith(values.get("output_norm.weight"));
    }

    @Test
    void rule1_5_anOutputEqualToTheEmbeddingIsOneArrayWithItAndADifferentOneIsUsed() throws IOException {
        GgufBytes equal = GgufModels.metadata();
        Map<String, float[]> values = GgufModels.tensors(equal, VOCABULARY);
        float[] head = values.get("token_embd.weight").clone();
        equal.floats("output.weight", head, 8, VOCABULARY);
        Gpt2Weights tied = load(equal);
        assertThat(tied.lmHead()).isSameAs(tied.tokenEmbedding());

        GgufBytes different = GgufModels.metadata();
        GgufModels.tensors(different, VOCABULARY);
        head[19 * 8 + 3] += 1;
        different.floats("output.weight", head, 8, VOCABULARY);
        Gpt2Weights untied = load(different);
        assertThat(untied.isTied()).isFalse();
        assertThat(untied.lmHead().get(3, 19)).isEqualTo(head[19 * 8 + 3]);
    }

    @Test
    void theChecksumIsOfTheStoredBytes() throws IOException {
        GgufBytes one = GgufModels.metadata();
        GgufModels.tensors(one, VOCABULARY);
        GgufBytes other = GgufModels.metadata().string("general.name", "other");
        Map<String, float[]> values = GgufModels.tensors(other, VOCABULARY);
        assertThat(load(one).sha256()).isEqualTo(load(other).sha256());
        other.floats("output.weight", values.get("token_embd.weight").clone(), 8, VOCABULARY);
        assertThat(load(one).sha256()).isEqualTo(load(other).sha256());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "general.architecture",
                "gpt2.context_length",
                "gpt2.embedding_length",
                "gpt2.block_count",
                "gpt2.feed_forward_length",
                "gpt2.attention.head_count",
                "gpt2.attention.layer_norm_epsilon"
            })
    void aKeyThatIsMissingOrOfAnotherTypeIsNamed(String key) {
        assertRefusedWithTensors(GgufModels.metadata(key)).withMessageContaining("'" + key + "': found no such key");
        assertRefusedWithTensors(GgufModels.metadata(key).strings(key, List.of("gpt2")))
                .withMessageContaining("'" + key + "': found an array of string");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "gpt2.context_length",
                "gpt2.embedding_length",
                "gpt2.block_count",
                "gpt2.feed_forward_length",
                "gpt2.attention.head_count"
            })
    void aSizeThatIsNotPositiveOrTooLargeIsNamed(String key) {
        for (int value : new int[] {0, -1, Integer.MIN_VALUE}) {
            assertRefusedWithTensors(GgufModels.metadata(key).u32(key, value))
                    .withMessageContaining("'" + key + "': found " + Integer.toUnsignedString(value));
        }
        assertRefusedWithTensors(GgufModels.metadata(key).u32(key, Integer.MAX_VALUE));
        assertRefusedWithTensors(GgufModels.metadata(key).raw(key, 11, GgufBytes.u64(-5)))
                .withMessageContaining("found -5");
    }

    @ParameterizedTest
    @ValueSource(floats = {0, -1, Float.NaN, Float.POSITIVE_INFINITY})
    void anEpsilonThatIsNotAboveZeroIsNamed(float epsilon) {
        String key = "gpt2.attention.layer_norm_epsilon";
        assertRefusedWithTensors(GgufModels.metadata(key).f32(key, epsilon)).withMessageContaining(key);
    }

    @Test
    void anotherArchitectureIsNamed() {
        assertRefusedWithTensors(GgufModels.metadata("general.architecture").string("general.architecture", "llama"))
                .withMessageContaining("found 'llama', expected 'gpt2'");
    }

    @Test
    void rule1_2_aHeadCountThatDoesNotDivideTheEmbeddingIsNamed() {
        String key = "gpt2.attention.head_count";
        assertRefusedWithTensors(GgufModels.metadata(key).u32(key, 3))
                .withMessageContaining("gpt2.embedding_length")
                .withMessageContaining("found 8, expected a multiple of " + key + ", 3");
    }

    @Test
    void onePartOfASplitModelIsNamed() {
        assertRefusedWithTensors(GgufModels.metadata().u32("split.count", 3))
                .withMessageContaining("'split.count': found one part of 3");
    }

    @Test
    void rule1_6_tensorsThatAreMissingOrUnknownOrOfAnotherShapeAreNamedAsTheFileNamesThem() {
        GgufBytes none = GgufModels.metadata();
        assertRefused(none).withMessageContaining("'token_embd.weight': found nothing");

        GgufBytes vector = GgufModels.metadata().floats("token_embd.weight", new float[8], 8);
        assertRefused(vector).withMessageContaining("'token_embd.weight': found shape [8]");

        GgufBytes few = GgufModels.metadata("gpt2.block_count").u32("gpt2.block_count", 3);
        assertRefusedWithTensors(few).withMessageContaining("'blk.2.attn_norm.weight': found nothing");

        GgufBytes many = GgufModels.metadata("gpt2.block_count").u32("gpt2.block_count", 1_000_000_000);
        assertRefusedWithTensors(many).withMessageContaining("gpt2.block_count: found 1000000000 layers");

        GgufBytes extra = GgufModels.metadata().floats("rope_freqs.weight", new float[1], 1);
        assertRefusedWithTensors(extra).withMessageContaining("'rope_freqs.weight': found an unknown name");

        GgufBytes buffer = GgufModels.metadata().floats("h.0.attn.bias", new float[1], 1);
        assertRefusedWithTensors(buffer).withMessageContaining("'h.0.attn.bias': found an unknown name");

        GgufBytes shape = GgufModels.metadata("gpt2.context_length").u32("gpt2.context_length", 13);
        assertRefusedWithTensors(shape)
                .withMessageContaining("'position_embd.weight': found shape [12, 8], expected shape [13, 8]");

        GgufBytes integers = GgufModels.metadata().tensor("output.weight", 24, new byte[8 * VOCABULARY], 8, VOCABULARY);
        assertRefusedWithTensors(integers).withMessageContaining("'output.weight': found type I8");
    }

    @Test
    void aQuantisedValueThatIsNotFiniteIsNamed() throws IOException {
        byte[] bytes = Files.readAllBytes(GoldenModel.directory("gguf/model-Q8_0.gguf"));
        // The data of blk.1.attn_output.weight: 64 rows of two blocks; the scale of the second block becomes infinite.
        Path path = directory.resolve("infinite.gguf");
        try (Gguf file = Gguf.open(GoldenModel.directory("gguf/model-Q8_0.gguf"))) {
            ByteBuffer stored = ByteBuffer.allocate(64 * 2 * 34);
            file.read("blk.1.attn_output.weight", new TensorSink() {
                @Override
                public void values(float[] values, int length, long start) {}

                @Override
                public void bytes(ByteBuffer raw) {
                    stored.put(raw);
                }
            });
            int at = Collections.indexOfSubList(list(bytes), list(stored.array()));
            bytes[at + 34] = 0;
            bytes[at + 35] = 0x7c;
        }
        Files.write(path, bytes);
        assertThatExceptionOfType(InvalidModelException.class)
                .isThrownBy(() -> {
                    try (Gguf file = Gguf.open(path)) {
                        Gpt2Weights.load(file, Gpt2Config.read(file), path);
                    }
                })
                .withMessageContaining("'blk.1.attn_output.weight'")
                .withMessageContaining("finite");
    }

    private static List<Byte> list(byte[] bytes) {
        List<Byte> list = new ArrayList<>();
        for (byte value : bytes) {
            list.add(value);
        }
        return list;
    }
}
