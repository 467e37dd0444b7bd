package io.flinkgpt2.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.flinkgpt2.model.ForwardObserver.Stage;
import io.flinkgpt2.tensor.Kernels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every golden model, with both kernels, against an independent float64 reference. */
class GoldenTest {

    /** Of a tensor's largest magnitude; a correct float32 pass stays under 5e-6. */
    static final double TOLERANCE = 2e-5;

    static Stream<Arguments> models() {
        return Stream.concat(
                modelsWithActivations(),
                GoldenModel.GGUF_FILES.stream().map(GoldenModel::openGguf).flatMap(GoldenTest::withBothKernels));
    }

    static Stream<Arguments> modelsWithActivations() {
        return GoldenModel.FOLDERS.stream().map(GoldenModel::open).flatMap(GoldenTest::withBothKernels);
    }

    private static Stream<Arguments> withBothKernels(GoldenModel golden) {
        return Stream.of(Kernels.reference(), Kernels.best())
                .map(kernels -> Arguments.argumentSet(golden.folder() + ", " + kernels.name(), golden, kernels));
    }

    @ParameterizedTest
    @MethodSource("models")
    void rule1_1_point9_point10_lastLogitsAndArgMax(GoldenModel golden, Kernels kernels) {
        for (JsonNode expected : golden.cases()) {
            float[] logits = Passes.lastLogits(golden.model(kernels), GoldenModel.ints(expected.get("promptTokenIds")));
            assertClose("last logits", logits, GoldenModel.doubles(expected.get("lastLogits")));
            assertThat(Passes.argMax(kernels, logits))
                    .isEqualTo(expected.get("argmax").intValue());
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void rule3_5_greedyTokens(GoldenModel golden, Kernels kernels) {
        Gpt2 model = golden.model(kernels);
        for (JsonNode expected : golden.cases()) {
            int[] prompt = GoldenModel.ints(expected.get("promptTokenIds"));
            int[] greedy = GoldenModel.ints(expected.get("greedyTokenIds"));
            KvCache cache = new KvCache(golden.config(), golden.config().contextLength());
            int[] ids = prompt;
            for (int tokenId : greedy) {
                // One more row each time: the cache holds what came before.
                int next = Passes.argMax(kernels, Passes.lastLogits(model, cache, ids, ids.length));
                assertThat(next).isEqualTo(tokenId);
                ids = Arrays.copyOf(ids, ids.length + 1);
                ids[ids.length - 1] = next;
            }
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void point8_point9_point11_logProbabilityOfThePromptAndSoftmaxAtTemperature(GoldenModel golden, Kernels kernels) {
        for (JsonNode expected : golden.cases()) {
            int[] prompt = GoldenModel.ints(expected.get("promptTokenIds"));
            float[][] logits = Passes.allLogits(golden.model(kernels), prompt, null);
            double sum = 0;
            for (int p = 1; p < prompt.length; p++) {
                sum += logits[p - 1][prompt[p]] - logSumExp(logits[p - 1], 1);
            }
            assertThat(sum).isCloseTo(expected.get("sumLogProbability").doubleValue(), within(1e-4));

            float[] last = logits[prompt.length - 1];
            assertThat(last).containsExactly(Passes.lastLogits(golden.model(kernels), prompt));
            for (JsonNode top : expected.get("softmaxTemperature0.7Top5")) {
                double probability = Math.exp(last[top.get(0).intValue()] / 0.7 - logSumExp(last, 0.7));
                assertThat(probability).isCloseTo(top.get(1).doubleValue(), within(1e-5));
            }
        }
    }

    private static double logSumExp(float[] logits, double temperature) {
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit / temperature);
        }
        return Math.log(sum);
    }

    @ParameterizedTest
    @MethodSource("modelsWithActivations")
    void rule2_5_theEmbeddingIsTheReferences(GoldenModel golden, Kernels kernels) {
        assertClose(golden, kernels, "embedding");
    }

    @ParameterizedTest
    @MethodSource("modelsWithActivations")
    void rule3_2_point1_theLayerNormOfTheFirstBlockIsTheReferences(GoldenModel golden, Kernels kernels) {
        assertClose(golden, kernels, "block0.layerNorm1");
    }

    @ParameterizedTest
    @MethodSource("modelsWithActivations")
    void rule3_3_point2_queriesKeysAndValuesOfTheFirstBlockAreTheReferences(GoldenModel golden, Kernels kernels) {
        assertClose(golden, kernels, "block0.qkv");
    }

    @ParameterizedTest
    @MethodSource("modelsWithActivations")
    void rule3_3_point4_scaledScoresOfTheFirstBlockAreTheReferences(GoldenModel golden, Kernels kernels) {
        assertClose(golden, kernels, "block0.attentionScores");
    }

    @ParameterizedTest
    @MethodSource("modelsWithActivations")
    void point5_theAttentionOutputOfTheFirstBlockIsTheReferences(GoldenModel golden, Kernels kernels) {
        assertClose(golden, kernels, "block0.attentionOutput");
    }

    @ParameterizedTest
    @MethodSource("modelsWithActivations")
    void rule3_6_point6_theFeedForwardOutputOfTheFirstBlockIsTheReferences(GoldenModel golden, Kernels kernels) {
        assertClose(golden, kernels, "block0.feedForwardOutput");
    }

    @ParameterizedTest
    @MethodSource("modelsWithActivations")
    void rule3_1_point7_theOutputOfTheFirstBlockIsTheReferences(GoldenModel golden, Kernels kernels) {
        assertClose(golden, kernels, "block0.output");
    }

    @ParameterizedTest
    @MethodSource("modelsWithActivations")
    void rule3_1_theFinalLayerNormIsTheReferencesAndNoActivationIsLeftOut(GoldenModel golden, Kernels kernels) {
        assertClose(golden, kernels, "finalLayerNorm");
        List<String> all = new ArrayList<>(activations(golden, kernels).keySet());
        all.addAll(List.of("block0.cacheKeys", "block0.cacheValues"));
        List<String> expected = new ArrayList<>();
        golden.cases().get(0).get("activations").fieldNames().forEachRemaining(expected::add);
        assertThat(all).containsExactlyInAnyOrderElementsOf(expected);
    }

    private static void assertClose(GoldenModel golden, Kernels kernels, String name) {
        double[] expected = values(golden.cases().get(0).get("activations"), name);
        assertClose(name, activations(golden, kernels).get(name), expected);
    }

    /** What is computed on the way from the first prompt to its logits, by the golden data's names. */
    private static Map<String, float[]> activations(GoldenModel golden, Kernels kernels) {
        int[] prompt = GoldenModel.ints(golden.cases().get(0).get("promptTokenIds"));
        int n = prompt.length;
        Map<String, float[]> found = new LinkedHashMap<>();
        float[] scores = new float[golden.config().headCount() * n * n];
        found.put("block0.attentionScores", scores);
        Passes.allLogits(golden.model(kernels), prompt, new ForwardObserver() {
            @Override
            public void rows(Stage stage, int layer, float[] data, int rows, int columns, int stride) {
                if (layer == 0) {
                    float[] dense = new float[rows * columns];
                    for (int r = 0; r < rows; r++) {
                        System.arraycopy(data, r * stride, dense, r * columns, columns);
                    }
                    assertThat(found.put(goldenName(stage), dense)).isNull();
                }
            }

            @Override
            public void scores(int layer, int row, int head, int position, float[] values) {
                if (layer == 0) {
                    System.arraycopy(values, 0, scores, (head * n + row) * n, position + 1);
                }
            }
        });
        return found;
    }

    private static String goldenName(Stage stage) {
        return switch (stage) {
            case EMBEDDING -> "embedding";
            case LAYER_NORM_1 -> "block0.layerNorm1";
            case QKV -> "block0.qkv";
            case ATTENTION_OUTPUT -> "block0.attentionOutput";
            case FEED_FORWARD_OUTPUT -> "block0.feedForwardOutput";
            case BLOCK_OUTPUT -> "block0.output";
            case FINAL_LAYER_NORM -> "finalLayerNorm";
        };
    }

    @ParameterizedTest
    @MethodSource("modelsWithActivations")
    void rule3_5_point3_theCacheHoldsTheKeysAndValues(GoldenModel golden, Kernels kernels) {
        JsonNode first = golden.cases().get(0);
        int[] prompt = GoldenModel.ints(first.get("promptTokenIds"));
        KvCache cache = new KvCache(golden.config(), golden.config().contextLength());
        Passes.lastLogits(golden.model(kernels), cache, prompt, 2);
        int headSize = golden.config().headSize();
        float[] keys = new float[golden.config().headCount() * prompt.length * headSize];
        float[] values = new float[keys.length];
        int i = 0;
        for (int head = 0; head < golden.config().headCount(); head++) {
            for (int p = 0; p < prompt.length; p++) {
                for (int d = 0; d < headSize; d++, i++) {
                    keys[i] = cache.key(0, head, p, d);
                    values[i] = cache.value(0, head, p, d);
                }
            }
        }
        assertClose("keys", keys, values(first.get("activations"), "block0.cacheKeys"));
        assertClose("values", values, values(first.get("activations"), "block0.cacheValues"));
    }

    private static double[] values(JsonNode activations, String name) {
        return GoldenModel.doubles(activations.get(name).get("values"));
    }

    private static void assertClose(String name, float[] found, double[] expected) {
        assertThat(found).as(name).hasSameSizeAs(expected);
        double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
        for (int i = 0; i < found.length; i++) {
            assertThat((double) found[i]).as("%s[%d]", name, i).isCloseTo(expected[i], within(TOLERANCE * largest));
        }
    }
}
