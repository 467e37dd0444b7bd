package io.flinkgpt2.model;

import static io.flinkgpt2.model.GoldenComparison.KERNELS;
import static io.flinkgpt2.model.GoldenComparison.assertGreen;
import static io.flinkgpt2.model.GoldenComparison.assertRed;
import static io.flinkgpt2.model.GoldenComparison.pass;
import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.model.Gpt2Weights.Block;
import io.flinkgpt2.model.Gpt2Weights.Linear;
import io.flinkgpt2.tensor.Activation;
import io.flinkgpt2.tensor.Float32Matrix;
import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.tensor.PackedMatrix;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/**
 * Plants the mistakes that implementations of GPT-2 make, and shows that the comparison of the last logits with the golden
 * values turns red for each; and that it is green for the same detour without the mistake, where there is one. P3 and P7 are
 * in {@link AttentionPitfallsTest}, P8 is in the tests of the sampler, P9 in those of the tokenizer.
 */
class PitfallsTest {

    static final List<String> MODELS = GoldenModel.FOLDERS;
    static final List<String> GELU = List.of("tied-tanh", "untied-erf", "prefixed-half", "scaled-sharded-bf16");

    private static Gpt2Weights withBlocks(GoldenModel golden, UnaryOperator<Block> change) {
        Gpt2Weights w = golden.weights();
        List<Block> blocks = w.blocks().stream().map(change).toList();
        return new Gpt2Weights(
                w.tokenEmbedding(), w.positionEmbedding(), blocks, w.finalLayerNorm(), w.lmHead(), w.sha256());
    }

    @ParameterizedTest
    @FieldSource("MODELS")
    void theRightPassIsGreen(String folder) {
        GoldenModel golden = GoldenModel.open(folder);
        assertGreen(golden, pass(golden, KERNELS));
        assertGreen(golden, pass(golden, new DelegatingKernels(KERNELS)));
        assertGreen(golden, pass(golden, withBlocks(golden, b -> b)));
    }

    @ParameterizedTest
    @FieldSource("MODELS")
    void pitfallP1_aTransposedConv1dTurnsTheGoldenComparisonRed(String folder) {
        GoldenModel golden = GoldenModel.open(folder);
        List<UnaryOperator<Block>> mistakes = List.of(
                b -> new Block(
                        b.layerNorm1(),
                        transposed(b.attention()),
                        b.attentionProjection(),
                        b.layerNorm2(),
                        b.feedForward(),
                        b.feedForwardProjection()),
                b -> new Block(
                        b.layerNorm1(),
                        b.attention(),
                        transposed(b.attentionProjection()),
                        b.layerNorm2(),
                        b.feedForward(),
                        b.feedForwardProjection()),
                b -> new Block(
                        b.layerNorm1(),
                        b.attention(),
                        b.attentionProjection(),
                        b.layerNorm2(),
                        transposed(b.feedForward()),
                        b.feedForwardProjection()),
                b -> new Block(
                        b.layerNorm1(),
                        b.attention(),
                        b.attentionProjection(),
                        b.layerNorm2(),
                        b.feedForward(),
                        transposed(b.feedForwardProjection())));
        for (UnaryOperator<Block> mistake : mistakes) {
            assertRed(golden, pass(golden, withBlocks(golden, mistake)));
        }
    }

    /** As if the stored values were (out, in). */
    private static Linear transposed(Linear linear) {
        PackedMatrix right = linear.weight();
        float[] stored = new float[right.inputs() * right.outputs()];
        for (int i = 0; i < stored.length; i++) {
            stored[i] = right.get(i / right.outputs(), i % right.outputs());
        }
        Float32Matrix wrong = new Float32Matrix(right.inputs(), right.outputs());
        wrong.putOutputMajor(stored, stored.length, 0);
        return new Linear(wrong, linear.bias());
    }

    @ParameterizedTest
    @FieldSource("MODELS")
    void pitfallP2_aVarianceOverOneLessTurnsTheGoldenComparisonRed(String folder) {
        GoldenModel golden = GoldenModel.open(folder);
        assertGreen(golden, pass(golden, layerNormWithVarianceOver(0)));
        assertRed(golden, pass(golden, layerNormWithVarianceOver(-1)));
    }

    private static Kernels layerNormWithVarianceOver(int more) {
        return new DelegatingKernels(KERNELS) {
            @Override
            public void layerNorm(
                    float[] out, float[] x, int stride, int rows, int n, float[] weight, float[] bias, float epsilon) {
                for (int row = 0; row < rows * stride; row += stride) {
                    double mean = 0;
                    for (int i = 0; i < n; i++) {
                        mean += x[row + i] / (double) n;
                    }
                    double variance = 0;
                    for (int i = 0; i < n; i++) {
                        variance += (x[row + i] - mean) * (x[row + i] - mean) / (n + more);
                    }
                    for (int i = 0; i < n; i++) {
                        out[row + i] =
                                (float) ((x[row + i] - mean) / Math.sqrt(variance + epsilon) * weight[i] + bias[i]);
                    }
                }
            }
        };
    }

    @ParameterizedTest
    @FieldSource("MODELS")
    void pitfallP4_positionsThatRestartWhileDecodingTurnTheGoldenComparisonRed(String folder) {
        GoldenModel golden = GoldenModel.open(folder);
        assertGreen(golden, prompt -> decodedFrom(golden, prompt, prompt.length));
        assertRed(golden, prompt -> decodedFrom(golden, prompt, prompt.length / 2));
        assertRed(golden, prompt -> decodedFrom(golden, prompt, prompt.length - 1));
    }

    /** The first tokens in one pass, then one pass for each; those have the embedding of position 0. */
    private static float[] decodedFrom(GoldenModel golden, int[] prompt, int start) {
        Gpt2Weights w = golden.weights();
        int n = golden.config().embeddingSize();
        float[] positions = w.positionEmbedding().clone();
        for (int p = start; p < golden.config().contextLength(); p++) {
            System.arraycopy(positions, 0, positions, p * n, n);
        }
        Gpt2Weights wrong =
                new Gpt2Weights(w.tokenEmbedding(), positions, w.blocks(), w.finalLayerNorm(), w.lmHead(), w.sha256());
        Gpt2 model = new Gpt2(golden.config(), wrong, KERNELS);
        KvCache cache = new KvCache(golden.config(), golden.config().contextLength());
        float[] logits = Passes.lastLogits(model, cache, Arrays.copyOf(prompt, start), start);
        return start == prompt.length ? logits : Passes.lastLogits(model, cache, prompt, 1);
    }

    @ParameterizedTest
    @FieldSource("MODELS")
    void pitfallP5_anLmHeadThatIsNotTheModelsTurnsTheGoldenComparisonRed(String folder) {
        GoldenModel golden = GoldenModel.open(folder);
        Gpt2Weights w = golden.weights();
        PackedMatrix embedding = w.tokenEmbedding();
        Float32Matrix copy = new Float32Matrix(embedding.inputs(), embedding.outputs());
        if (w.isTied()) {
            assertRed(golden, pass(golden, withHead(w, copy)));
            // A copy is right only once it is filled, and as long as both stay as they are.
            float[] column = new float[embedding.inputs()];
            for (int id = 0; id < embedding.outputs(); id++) {
                embedding.copyColumn(id, column, 0);
                copy.putOutputMajor(column, column.length, (long) id * column.length);
            }
            assertGreen(golden, pass(golden, withHead(w, copy)));
            embedding.copyColumn(1, column, 0);
            copy.putOutputMajor(column, column.length, 0);
            assertRed(golden, pass(golden, withHead(w, copy)));
        } else {
            assertRed(golden, pass(golden, withHead(w, embedding)));
            assertRed(golden, pass(golden, withHead(w, copy)));
        }
    }

    private static Gpt2Weights withHead(Gpt2Weights w, PackedMatrix head) {
        return new Gpt2Weights(
                w.tokenEmbedding(), w.positionEmbedding(), w.blocks(), w.finalLayerNorm(), head, w.sha256());
    }

    @ParameterizedTest
    @FieldSource("GELU")
    void pitfallP6_theOtherGeluTurnsTheGoldenComparisonRed(String folder) {
        GoldenModel golden = GoldenModel.open(folder);
        Activation right = golden.config().activation();
        Activation other = right == Activation.GELU ? Activation.GELU_TANH : Activation.GELU;
        assertGreen(golden, pass(golden, withActivation(right)));
        assertRed(golden, pass(golden, withActivation(other)));
    }

    @Test
    void pitfallP6_aGeluInPlaceOfReluTurnsTheGoldenComparisonRed() {
        GoldenModel golden = GoldenModel.open("unscaled");
        assertThat(golden.config().activation()).isEqualTo(Activation.RELU);
        assertRed(golden, pass(golden, withActivation(Activation.GELU)));
        assertRed(golden, pass(golden, withActivation(Activation.GELU_TANH)));
    }

    private static Kernels withActivation(Activation instead) {
        return new DelegatingKernels(KERNELS) {
            @Override
            public void activate(
                    Activation activation, float[] x, int stride, int rows, int from, int to, float[] scratch) {
                super.activate(instead, x, stride, rows, from, to, scratch);
            }
        };
    }
}
