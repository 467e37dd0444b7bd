package io.flinkgpt2.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.hub.CapturedLog;
import io.flinkgpt2.tensor.Activation;
import io.flinkgpt2.weights.DType;
import io.flinkgpt2.weights.InvalidModelException;
import io.flinkgpt2.weights.SafeTensorsWriter;
import io.flinkgpt2.weights.TensorInfo;
import io.flinkgpt2.weights.WeightsFile;
import io.flinkgpt2.weights.WeightsFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class Gpt2WeightsTest {

    private static final Gpt2Config CONFIG = config(true);

    @TempDir
    Path directory;

    /** A valid model to spoil: name to values, and name to description. */
    private final Map<String, float[]> values = new LinkedHashMap<>();

    private final Map<String, TensorInfo> infos = new LinkedHashMap<>();

    private static Gpt2Config config(boolean tied) {
        return new Gpt2Config(70, 9, 12, 2, 3, 20, Activation.GELU, 1e-5f, true, false, tied, OptionalInt.empty());
    }

    @BeforeEach
    void validModel() {
        RandomWeights random = new RandomWeights(CONFIG, 1);
        random.tensors().forEach((name, info) -> {
            float[] tensor = new float[(int) info.elementCount()];
            random.read(name, (piece, length, start) -> System.arraycopy(piece, 0, tensor, (int) start, length));
            put(name, tensor, info.shape());
        });
    }

    private void put(String name, float[] tensor, List<Long> shape) {
        values.put(name, tensor);
        infos.put(name, new TensorInfo(name, DType.F32, shape));
    }

    private void remove(String name) {
        values.remove(name);
        infos.remove(name);
    }

    private Gpt2Weights load() throws IOException {
        return load(CONFIG);
    }

    private Gpt2Weights load(Gpt2Config config) throws IOException {
        try (SafeTensorsWriter writer =
                SafeTensorsWriter.create(directory.resolve("model.safetensors"), new ArrayList<>(infos.values()))) {
            for (Map.Entry<String, float[]> tensor : values.entrySet()) {
                writer.write(tensor.getKey(), tensor.getValue(), 0, tensor.getValue().length);
            }
            writer.finish();
        }
        try (WeightsFile file = WeightsFiles.open(directory)) {
            return Gpt2Weights.load(file, config, directory);
        }
    }

    @Test
    void rule1_4_everyValueArrivesInItsPlace() throws IOException {
        Gpt2Weights weights = load();
        assertThat(weights.tokenEmbedding().get(5, 69)).isEqualTo(values.get("wte.weight")[69 * 12 + 5]);
        assertThat(weights.positionEmbedding()).containsExactly(values.get("wpe.weight"));
        Gpt2Weights.Block block = weights.blocks().get(1);
        assertThat(block.attention().weight().get(11, 35))
                .isEqualTo(values.get("h.1.attn.c_attn.weight")[11 * 36 + 35]);
        assertThat(block.feedForwardProjection().weight().get(19, 2))
                .isEqualTo(values.get("h.1.mlp.c_proj.weight")[19 * 12 + 2]);
        assertThat(block.feedForward().bias()).hasSize(32).startsWith(values.get("h.1.mlp.c_fc.bias"));
        assertThat(weights.finalLayerNorm().weight()).startsWith(values.get("ln_f.weight"));
    }

    @Test
    void rule1_4_thePrefixOfTheNamesChangesNothing() throws IOException {
        Gpt2Weights plain = load();
        for (String name : List.copyOf(values.keySet())) {
            TensorInfo info = infos.get(name);
            float[] tensor = values.get(name);
            remove(name);
            put("transformer." + name, tensor, info.shape());
        }
        Gpt2Weights prefixed = load();
        assertThat(prefixed.sha256()).isEqualTo(plain.sha256());
        for (int output = 0; output < 36; output++) {
            assertThat(prefixed.blocks().get(0).attention().weight().get(11, output))
                    .isEqualTo(plain.blocks().get(0).attention().weight().get(11, output));
        }
        remove("transformer.wpe.weight");
        assertThatThrownBy(this::load).hasMessageContaining("'transformer.wpe.weight': found nothing");
    }

    @Test
    void rule1_5_withoutAnLmHeadTheHeadIsTheTokenEmbeddingItself() throws IOException {
        Gpt2Weights weights = load();
        assertThat(weights.lmHead()).isSameAs(weights.tokenEmbedding());
        assertThat(load(config(false)).isTied()).isTrue();
    }

    @Test
    void rule1_5_anLmHeadEqualToTheTokenEmbeddingIsOneArrayWithIt() throws IOException {
        put("lm_head.weight", values.get("wte.weight").clone(), List.of(70L, 12L));
        for (boolean tied : new boolean[] {true, false}) {
            Gpt2Weights weights = load(config(tied));
            assertThat(weights.lmHead()).isSameAs(weights.tokenEmbedding());
            assertThat(weights.isTied()).isTrue();
        }
    }

    @Test
    void rule1_5_aDifferentLmHeadIsUsedWhereTheConfigUntiesIt() throws IOException {
        float[] head = values.get("wte.weight").clone();
        head[839] += 1;
        put("lm_head.weight", head, List.of(70L, 12L));
        Gpt2Weights weights = load(config(false));
        assertThat(weights.isTied()).isFalse();
        assertThat(weights.lmHead().get(11, 69)).isEqualTo(head[839]);
    }

    @Test
    void rule1_5_aDifferentLmHeadIsPassedOverWithAWarningWhereTheConfigTiesIt() throws IOException {
        String checksum = load().sha256();
        float[] head = values.get("wte.weight").clone();
        head[839] += 0.5f;
        put("lm_head.weight", head, List.of(70L, 12L));
        try (CapturedLog log = new CapturedLog()) {
            Gpt2Weights weights = load();
            assertThat(weights.isTied()).isTrue();
            assertThat(weights.sha256()).isEqualTo(checksum);
            assertThat(log.text())
                    .contains("'lm_head.weight' differs from 'wte.weight' by up to 0.5", "tie_word_embeddings: true");
        }
        put("lm_head.weight", new float[69 * 12], List.of(69L, 12L));
        assertThatThrownBy(this::load).hasMessageContaining("'lm_head.weight': found shape [69, 12]");
    }

    @ParameterizedTest
    @CsvSource({
        "transformer., ''",
        "module., module.",
        "_orig_mod.transformer., _orig_mod.",
        "model.transformer., model.",
        "_orig_mod.module.transformer., _orig_mod.module.",
        "transformer., transformer.",
        "'', ''"
    })
    void rule1_6_aPrefixThatEveryTensorHasIsTakenOff(String prefix, String prefixOfHead) throws IOException {
        float[] head = values.get("wte.weight").clone();
        head[839] += 1;
        put("lm_head.weight", head, List.of(70L, 12L));
        put("h.1.attn.bias", new float[81], List.of(1L, 1L, 9L, 9L));
        String checksum = load(config(false)).sha256();
        for (String name : List.copyOf(values.keySet())) {
            rename(name, (name.equals("lm_head.weight") ? prefixOfHead : prefix) + name);
        }
        Gpt2Weights prefixed = load(config(false));
        assertThat(prefixed.sha256()).isEqualTo(checksum);
        assertThat(prefixed.isTied()).isFalse();
        rename(prefix + "wpe.weight", "other." + prefix + "wpe.weight");
        assertThatThrownBy(this::load)
                .hasMessageContaining(
                        "'" + prefix + "wpe.weight': found nothing, but 'other." + prefix + "wpe.weight'");
    }

    @Test
    void rule1_6_namesOfAnotherModelAreShown() {
        List.copyOf(values.keySet()).forEach(name -> rename(name, "gpt_neox." + name));
        assertThatThrownBy(this::load)
                .isInstanceOf(InvalidModelException.class)
                .hasMessageContaining("tensor 'wte.weight': found nothing, but 'gpt_neox.")
                .hasMessageContaining("and 23 more");
    }

    @Test
    void rule1_6_headsThatCompletionDoesNotUseAreDroppedWithOneWarning() throws IOException {
        String checksum = load().sha256();
        List.copyOf(values.keySet()).forEach(name -> rename(name, "transformer." + name));
        put("v_head.summary.weight", new float[12], List.of(1L, 12L));
        put("multiple_choice_head.summary.bias", new float[1], List.of(1L));
        put("lm_head.weight", values.get("transformer.wte.weight").clone(), List.of(70L, 12L));
        try (CapturedLog log = new CapturedLog()) {
            assertThat(load().sha256()).isEqualTo(checksum);
            assertThat(log.text().lines().filter(line -> line.contains("dropped")))
                    .singleElement()
                    .asString()
                    .contains("'v_head.summary.weight'", "'multiple_choice_head.summary.bias'")
                    .doesNotContain("lm_head");
        }
        remove("lm_head.weight");
        put("score.weight", new float[24], List.of(2L, 12L));
        try (CapturedLog log = new CapturedLog()) {
            assertThat(load().isTied()).isTrue();
            assertThat(log.text()).contains("'score.weight'", "the file has no lm_head.weight", "token embedding");
        }
    }

    @Test
    void rule1_5_anUntiedHeadThatIsMissingIsToldOf() throws IOException {
        try (CapturedLog log = new CapturedLog()) {
            assertThat(load(config(true)).isTied()).isTrue();
            assertThat(log.text()).isEmpty();
            assertThat(load(config(false)).isTied()).isTrue();
            assertThat(log.text()).contains("tie_word_embeddings: false", "the file has no lm_head.weight");
        }
    }

    private void rename(String from, String to) {
        TensorInfo info = infos.get(from);
        float[] tensor = values.get(from);
        remove(from);
        put(to, tensor, info.shape());
    }

    @Test
    void theChecksumIsOfTheWeightsAndNotOfTheFile() throws IOException {
        String checksum = load().sha256();
        assertThat(checksum).matches("[0-9a-f]{64}");
        float[] embedding = values.get("wte.weight");
        remove("wte.weight");
        put("wte.weight", embedding, List.of(70L, 12L)); // now last in the file
        put("h.0.attn.bias", new float[81], List.of(1L, 1L, 9L, 9L));
        assertThat(load().sha256()).isEqualTo(checksum);
        embedding[0] = Math.nextUp(embedding[0]);
        assertThat(load().sha256()).isNotEqualTo(checksum);
    }

    @Test
    void rule1_6_aMissingTensorIsNamed() {
        remove("h.1.ln_2.bias");
        assertThatThrownBy(this::load)
                .isInstanceOf(InvalidModelException.class)
                .hasMessageContaining("'h.1.ln_2.bias': found nothing, expected a tensor of shape [12]");
    }

    @Test
    void rule1_6_anUnknownTensorIsNamed() {
        put("h.2.ln_1.bias", new float[12], List.of(12L));
        assertThatThrownBy(this::load)
                .isInstanceOf(InvalidModelException.class)
                .hasMessageContaining("'h.2.ln_1.bias': found an unknown name");
    }

    @Test
    void rule1_2_aShapeThatTheConfigContradictsIsNamedWithBoth() {
        put("h.0.mlp.c_fc.weight", new float[240], List.of(20L, 12L));
        assertThatThrownBy(this::load)
                .isInstanceOf(InvalidModelException.class)
                .hasMessageContaining("'h.0.mlp.c_fc.weight': found shape [20, 12], expected shape [12, 20]");
    }

    @Test
    void aConfigThatClaimsLayersWithoutEndIsRefusedAtOnce() {
        Gpt2Config claims = new Gpt2Config(
                70, 9, 12, Integer.MAX_VALUE, 3, 20, Activation.GELU, 1e-5f, true, false, true, OptionalInt.empty());
        assertThatThrownBy(() -> load(claims))
                .isInstanceOf(InvalidModelException.class)
                .hasMessageContaining("n_layer: found 2147483647 layers in the config and 28 tensors");
    }

    @Test
    void valuesThatAreNotFiniteAreNamedWithTheirPlace() {
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            values.get("h.1.attn.c_proj.weight")[77] = bad;
            assertThatThrownBy(this::load)
                    .isInstanceOf(InvalidModelException.class)
                    .hasMessageContaining("'h.1.attn.c_proj.weight': found " + bad + " at element 77");
        }
    }

    @Test
    void aTypeThatHoldsNoParametersIsRefused() throws IOException {
        writeWithOddTensors(Map.of("h.0.ln_1.bias", "U8"));
        try (WeightsFile weights = WeightsFiles.open(directory)) {
            assertThatThrownBy(() -> Gpt2Weights.load(weights, CONFIG, directory))
                    .hasMessageContaining("'h.0.ln_1.bias': found type U8, expected F64, F32, F16 or BF16");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"F32", "F16", "BF16", "U8", "BOOL"})
    void rule1_6_buffersAreIgnoredWhateverTheirType(String dtype) throws IOException {
        put("h.0.attn.bias", new float[81], List.of(1L, 1L, 9L, 9L));
        put("h.1.attn.masked_bias", new float[1], List.of());
        writeWithOddTensors(Map.of("h.0.attn.bias", dtype, "h.1.attn.masked_bias", dtype));
        try (WeightsFile weights = WeightsFiles.open(directory)) {
            assertThat(weights.tensors()).containsKeys("h.0.attn.bias", "h.1.attn.masked_bias");
            assertThat(Gpt2Weights.load(weights, CONFIG, directory).blocks()).hasSize(2);
        }
    }

    /** A file of zeros in which some tensors have other types, with a header made by hand. */
    private void writeWithOddTensors(Map<String, String> dtypes) throws IOException {
        StringBuilder header = new StringBuilder("{");
        long offset = 0;
        for (TensorInfo info : infos.values()) {
            DType dtype = DType.valueOf(dtypes.getOrDefault(info.name(), "F32"));
            long end = offset + dtype.byteCount(info.elementCount());
            header.append(offset == 0 ? "" : ",")
                    .append("\"" + info.name() + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + info.shape()
                            + ",\"data_offsets\":[" + offset + "," + end + "]}");
            offset = end;
        }
        byte[] json = header.append("}").toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate((int) (8 + json.length + offset)).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(json.length).put(json);
        Files.write(directory.resolve("model.safetensors"), bytes.array());
    }
}
