package io.flinkgpt2.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.tensor.Activation;
import io.flinkgpt2.weights.InvalidModelException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class Gpt2ConfigTest {

    private static final String SMALL =
            "\"vocab_size\": 1003, \"n_positions\": 64, \"n_embd\": 48, \"n_layer\": 3, \"n_head\": 4";

    @TempDir
    Path directory;

    private Gpt2Config read(String json) throws IOException {
        return Gpt2Config.read(Files.write(directory.resolve("config.json"), json.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void rule3_6_rule3_7_whatAConfigLeavesOutHasTheDefaultOfTheArchitecture() throws IOException {
        Gpt2Config config = read("{" + SMALL + ", \"n_inner\": null, \"something_else\": [1, 2]}");
        assertThat(config)
                .isEqualTo(new Gpt2Config(
                        1003, 64, 48, 3, 4, 192, Activation.GELU_TANH, 1e-5f, true, false, true, OptionalInt.empty()));
        assertThat(config.headSize()).isEqualTo(12);
        assertThat(config.attentionScale(2)).isEqualTo((float) (1 / Math.sqrt(12)));
    }

    @Test
    void rule1_1_everyFieldIsRead() throws IOException {
        Gpt2Config config = read("{" + SMALL + ", \"model_type\": \"gpt2\", \"n_inner\": 100, \"eos_token_id\": 7,"
                + " \"activation_function\": \"relu\", \"layer_norm_epsilon\": 1e-6, \"scale_attn_weights\": false,"
                + " \"scale_attn_by_inverse_layer_idx\": true, \"tie_word_embeddings\": false}");
        assertThat(config)
                .isEqualTo(new Gpt2Config(
                        1003, 64, 48, 3, 4, 100, Activation.RELU, 1e-6f, false, true, false, OptionalInt.of(7)));
        assertThat(config.attentionScale(0)).isEqualTo(1f);
        assertThat(config.attentionScale(3)).isEqualTo(0.25f);
    }

    @Test
    void aWrittenConfigReadsBackEqual() throws IOException {
        for (OptionalInt endOfText :
                new OptionalInt[] {OptionalInt.empty(), OptionalInt.of(50256), OptionalInt.of(0)}) {
            for (Activation activation : Activation.values()) {
                Gpt2Config config =
                        new Gpt2Config(50300, 77, 60, 2, 5, 31, activation, 1.5e-6f, false, true, false, endOfText);
                Path file = directory.resolve("written.json");
                config.write(file);
                assertThat(Gpt2Config.read(file)).isEqualTo(config);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "gelu,GELU",
        "gelu_python,GELU",
        "gelu_new,GELU_TANH",
        "gelu_pytorch_tanh,GELU_TANH",
        "gelu_fast,GELU_TANH",
        "gelu_accurate,GELU_TANH",
        "relu,RELU"
    })
    void rule3_7_theConfigDecidesTheActivationFunction(String name, Activation expected) throws IOException {
        assertThat(read("{" + SMALL + ", \"activation_function\": \"" + name + "\"}")
                        .activation())
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"true, false, 0.28867513", "false, false, 1", "true, true, 0.096225046", "false, true, 0.33333334"})
    void rule3_3_theConfigDecidesTheScaleOfTheScores(boolean scaled, boolean byLayer, float third) throws IOException {
        Gpt2Config config = read("{" + SMALL + ", \"scale_attn_weights\": " + scaled
                + ", \"scale_attn_by_inverse_layer_idx\": " + byLayer + "}");
        assertThat(config.attentionScale(2)).isEqualTo(third);
        assertThat(config.attentionScale(0)).isEqualTo(scaled ? (float) (1 / Math.sqrt(12)) : 1f);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void rule3_3_upcastingTheAttentionChangesNothing(boolean upcast) throws IOException {
        assertThat(read("{" + SMALL + ", \"reorder_and_upcast_attn\": " + upcast + "}"))
                .isEqualTo(read("{" + SMALL + "}"));
    }

    @Test
    void rule2_4_theEndOfTextIdIsTheConfigsElseGpt2sElseNone() throws IOException {
        String large = SMALL.replace("1003", "50257");
        assertThat(read("{" + large + "}").endOfTextId()).hasValue(50256);
        assertThat(read("{" + large + ", \"eos_token_id\": 3}").endOfTextId()).hasValue(3);
        assertThat(read("{" + SMALL + ", \"eos_token_id\": 1003}").endOfTextId())
                .isEmpty();
        assertThat(read("{" + SMALL + ", \"eos_token_id\": -1}").endOfTextId()).isEmpty();
        assertThat(read("{" + SMALL + "}").endOfTextId()).isEmpty();
    }

    @Test
    void rule2_4_theEndOfTextIdsMayBeAListOrNone() throws IOException {
        Gpt2Config several = read("{" + SMALL + ", \"eos_token_id\": [7, 50256, 3, 7, -1]}");
        assertThat(several.endOfTextIds()).containsExactly(7, 3);
        assertThat(several.endOfTextId()).hasValue(7);
        assertThat(several.isEndOfText(3)).isTrue();
        assertThat(several.isEndOfText(4)).isFalse();
        Path written = directory.resolve("several.json");
        several.write(written);
        assertThat(Gpt2Config.read(written)).isEqualTo(several);

        String large = SMALL.replace("1003", "50257");
        assertThat(read("{" + large + ", \"eos_token_id\": null}").endOfTextIds())
                .isEmpty();
        assertThat(read("{" + large + ", \"eos_token_id\": []}").endOfTextIds()).isEmpty();
    }

    @Test
    void rule2_4_theEndOfTextIdsOfTheGenerationConfigJoinThoseOfTheConfig() throws IOException {
        Gpt2Config config = read("{" + SMALL + ", \"eos_token_id\": 7}");
        Path generation = directory.resolve("generation_config.json");
        assertThat(config.withEndOfTextIdsOf(generation)).isEqualTo(config);
        for (String nothing :
                new String[] {"{}", "{\"eos_token_id\": null, \"temperature\": 0.7}", "{\"eos_token_id\": 7}"}) {
            Files.writeString(generation, nothing);
            assertThat(config.withEndOfTextIdsOf(generation)).isEqualTo(config);
        }
        Files.writeString(generation, "{\"eos_token_id\": [5, 7, 1003], \"temperature\": 0.7}");
        assertThat(config.withEndOfTextIdsOf(generation).endOfTextIds()).containsExactly(7, 5);
        Files.writeString(generation, "{\"eos_token_id\": \"5\"}");
        assertThatThrownBy(() -> config.withEndOfTextIdsOf(generation))
                .isInstanceOf(InvalidModelException.class)
                .hasMessageContaining("generation_config.json: eos_token_id: found '\"5\"'");
        Files.delete(generation);
        Files.createSymbolicLink(generation, Path.of("blobs", "gone"));
        assertThatThrownBy(() -> config.withEndOfTextIdsOf(generation)).hasMessageContaining("no such file");
    }

    @Test
    void rule1_1_theNamesOfOtherModelsStandForTheSizesToo() throws IOException {
        assertThat(
                        read(
                                "{\"vocab_size\": 1003, \"max_position_embeddings\": 64, \"hidden_size\": 48,"
                                        + " \"num_hidden_layers\": 3, \"num_attention_heads\": 4, \"n_head\": 4, \"model_type\": null}"))
                .isEqualTo(read("{" + SMALL + "}"));
        assertThat(read("{" + SMALL.replace("n_positions", "n_ctx") + "}")).isEqualTo(read("{" + SMALL + "}"));
    }

    @Test
    void aConfigIsReadAsPythonReadsIt() throws IOException {
        Gpt2Config plain = read("{" + SMALL + "}");
        assertThat(read("{\"n_layer\": 99, " + SMALL + "}")).isEqualTo(plain);
        assertThat(read("{" + SMALL + ", \"a\": NaN, \"b\": [Infinity, -Infinity]}"))
                .isEqualTo(plain);
        assertThat(read("\uFEFF{" + SMALL + "}")).isEqualTo(plain);
    }

    @Test
    void rule3_7_anotherActivationIsTakenWhateverTheConfigNames() throws IOException {
        Path file = Files.writeString(
                directory.resolve("config.json"), "{" + SMALL + ", \"activation_function\": \"silu\"}");
        assertThat(Gpt2Config.read(file, Optional.of(Activation.RELU)).activation())
                .isEqualTo(Activation.RELU);
        assertThat(Gpt2Config.declares(file, Activation.RELU)).isFalse();
        assertThatThrownBy(() -> Gpt2Config.read(file, Optional.empty())).hasMessageContaining("'\"silu\"'");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"n_head\": 4 | \"n_head\": 5 | n_embd: found '48', expected a multiple of n_head, 5",
                "\"n_head\": 4 | \"n_head\": 0 | n_head: found '0', expected a whole number of 1 or more",
                "\"n_layer\": 3 | \"n_layer\": -3 | n_layer: found '-3'",
                "\"n_layer\": 3 | \"n_layer\": 2.5 | n_layer: found '2.5'",
                "\"n_layer\": 3 | \"n_layer\": \"3\" | n_layer: found '\"3\"'",
                "\"n_layer\": 3 | \"n_layer\": 99999999999 | n_layer: found '99999999999'",
                "\"n_layer\": 3 | \"layers\": 3 | n_layer: found nothing",
                "\"n_embd\": 48 | \"n_embd\": 2147483640 | n_embd: found '2147483640'",
                "\"n_layer\": 3 | \"n_layer\": 3, \"num_hidden_layers\": 4 | num_hidden_layers: found '4 and n_layer 3'",
                "\"n_head\": 4 | \"num_attention_heads\": 5 | n_embd: found '48', expected a multiple of n_head, 5",
                "\"n_embd\": 48 | \"hidden_size\": 2147483640 | hidden_size: found '2147483640'",
                "\"n_layer\": 3 | \"n_layer\": NaN | n_layer: found '\"NaN\"'",
                "\"n_layer\": 3 | \"n_layer\": 3, \"model_type\": \"llama\" | model_type: found '\"llama\"'",
                "\"n_layer\": 3 | \"n_layer\": 3, \"activation_function\": \"silu\" | activation_function: found '\"silu\"'",
                "\"n_layer\": 3 | \"n_layer\": 3, \"layer_norm_epsilon\": 0 | layer_norm_epsilon: found '0'",
                "\"n_layer\": 3 | \"n_layer\": 3, \"scale_attn_weights\": 1 | scale_attn_weights: found '1'",
                "\"n_layer\": 3 | \"n_layer\": 3, \"eos_token_id\": [1, \"2\"] | eos_token_id: found '[1,\"2\"]'",
                "\"n_layer\": 3 | \"n_layer\": 3} {} | text that is not JSON",
                "\"n_layer\": 3 | \"n_layer\": | text that is not JSON",
            })
    void rule1_2_whatIsWrongIsNamedWithWhatWasFoundAndExpected(String correct, String wrong, String message) {
        assertThatThrownBy(() -> read("{" + SMALL.replace(correct, wrong) + "}"))
                .isInstanceOf(InvalidModelException.class)
                .hasMessageContaining("config.json")
                .hasMessageContaining(message);
    }

    @Test
    void aFileThatIsNoConfigIsRefused() throws IOException {
        assertThatThrownBy(() -> read("[]")).hasMessageContaining("expected one JSON object");
        assertThatThrownBy(() -> read("")).isInstanceOf(InvalidModelException.class);
        assertThatThrownBy(() -> read("x".repeat(2 << 20))).hasMessageContaining("2097152 bytes");
        assertThatThrownBy(() -> read("{\"a\":".repeat(5000))).isInstanceOf(InvalidModelException.class);
    }

    @Test
    void rule1_1_publishedSizesHaveThePublishedNumbersOfParameters() {
        assertThat(Gpt2Weights.parameterCount(Gpt2Config.published(6, 12, 768), true))
                .isEqualTo(81_912_576);
        assertThat(Gpt2Weights.parameterCount(Gpt2Config.published(12, 12, 768), true))
                .isEqualTo(124_439_808);
        assertThat(Gpt2Weights.parameterCount(Gpt2Config.published(24, 16, 1024), true))
                .isEqualTo(354_823_168);
        assertThat(Gpt2Weights.parameterCount(Gpt2Config.published(36, 20, 1280), true))
                .isEqualTo(774_030_080);
        assertThat(Gpt2Weights.parameterCount(Gpt2Config.published(48, 25, 1600), true))
                .isEqualTo(1_557_611_200);
    }

    @Test
    void aDescriptionHasTheShapeAndWhatIsUnusual() {
        assertThat(Gpt2Config.published(12, 12, 768))
                .hasToString("Gpt2Config[n_layer=12, n_head=12, n_embd=768, n_positions=1024, vocab_size=50257]");
        Gpt2Config unusual =
                new Gpt2Config(7, 8, 4, 1, 2, 5, Activation.RELU, 1e-6f, false, true, false, OptionalInt.empty());
        assertThat(unusual)
                .hasToString("Gpt2Config[n_layer=1, n_head=2, n_embd=4, n_inner=5, n_positions=8, vocab_size=7,"
                        + " activation_function=RELU, layer_norm_epsilon=1.0E-6, scale_attn_weights=false,"
                        + " scale_attn_by_inverse_layer_idx=true, tie_word_embeddings=false, eos_token_id=[]]");
        int most = Integer.MAX_VALUE;
        assertThat(new Gpt2Config(
                                most,
                                most,
                                most,
                                most,
                                1,
                                most,
                                Activation.GELU_TANH,
                                1e-5f,
                                true,
                                false,
                                true,
                                List.of())
                        .toString())
                .contains("n_embd=2147483647", "n_inner=2147483647");
    }
}
