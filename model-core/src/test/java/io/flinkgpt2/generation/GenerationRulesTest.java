package io.flinkgpt2.generation;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.model.DelegatingKernels;
import io.flinkgpt2.model.GoldenModel;
import io.flinkgpt2.model.Gpt2Weights;
import io.flinkgpt2.pretrained.LoadOptions;
import io.flinkgpt2.pretrained.ModelDirectories;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.tensor.Activation;
import io.flinkgpt2.tensor.Epilogue;
import io.flinkgpt2.tensor.InputRows;
import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.tensor.PackedMatrix;
import io.flinkgpt2.tensor.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What holds from a model's directory to its completions. */
class GenerationRulesTest {

    @TempDir
    Path temporary;

    private static int[] greedy(Pretrained pretrained, int promptLength, int maxTokens) {
        int[] prompt =
                IntStream.range(0, promptLength).map(i -> 3 + i * 7 % 290).toArray();
        Generator generator = new Generator(
                pretrained.model(), pretrained.tokenizer(), pretrained.config().contextLength(), 8);
        return TestRequest.greedy(prompt, maxTokens).completedBy(generator).tokenIds();
    }

    @Test
    void rule1_1_theNameOfADirectoryDecidesNothing() throws IOException {
        Pretrained golden = Pretrained.open(GoldenModel.directory("untied-erf"));
        Pretrained named = Pretrained.open(ModelDirectories.copy("untied-erf", temporary.resolve("gpt2-xl")));
        assertThat(named.config()).isEqualTo(golden.config());
        assertThat(named.revision()).isEqualTo(golden.revision());
        assertThat(greedy(named, 5, 20)).containsExactly(greedy(golden, 5, 20));
    }

    @Test
    void rule1_9_weightsAreFloat32UnlessAskedFor() throws IOException {
        assertThat(LoadOptions.defaults().precision()).isEqualTo(Precision.F32);
        Path directory = GoldenModel.directory("scaled-sharded-bf16");
        for (Precision precision : Precision.values()) {
            LoadOptions options = LoadOptions.defaults().withPrecision(precision);
            Gpt2Weights weights = Pretrained.open(directory, options).weights();
            assertThat(weights.tokenEmbedding().precision()).isEqualTo(precision);
            assertThat(weights.blocks())
                    .allSatisfy(block -> assertThat(List.of(
                                    block.attention().weight().precision(),
                                    block.attentionProjection().weight().precision(),
                                    block.feedForward().weight().precision(),
                                    block.feedForwardProjection().weight().precision()))
                            .containsOnly(precision));
        }
    }

    @Test
    void rule1_9_weightsThatAreBfloat16InTheirFileLoseNothingAsBfloat16InMemory() throws IOException {
        Path directory = GoldenModel.directory("scaled-sharded-bf16");
        LoadOptions options = LoadOptions.defaults();
        int[] expected = greedy(Pretrained.open(directory), 5, 30);
        assertThat(greedy(Pretrained.open(directory, options.withPrecision(Precision.BF16)), 5, 30))
                .containsExactly(expected);
    }

    @Test
    void rule3_7_aUserMayOverrideTheActivation() throws IOException {
        Path directory = GoldenModel.directory("untied-erf");
        Pretrained own = Pretrained.open(directory);
        assertThat(own.config().activation()).isEqualTo(Activation.GELU);
        LoadOptions options = LoadOptions.defaults();
        assertThat(greedy(Pretrained.open(directory, options.withActivation(Activation.GELU)), 5, 40))
                .containsExactly(greedy(own, 5, 40));
        Pretrained overridden = Pretrained.open(directory, options.withActivation(Activation.RELU));
        assertThat(overridden.config()).isEqualTo(own.config().withActivation(Activation.RELU));
        assertThat(greedy(overridden, 5, 40)).isNotEqualTo(greedy(own, 5, 40));
    }

    @Test
    void rule3_8_aGenerationComputesOneRowOfLogitsForEachTokenThatItSamples() throws IOException {
        int[] rowsOfLogits = {0};
        Kernels counting = new DelegatingKernels(Kernels.best()) {
            @Override
            protected void multiply(
                    float[] out,
                    int outStride,
                    InputRows x,
                    PackedMatrix w,
                    Epilogue epilogue,
                    int firstPanel,
                    int endPanel) {
                rowsOfLogits[0] += w.outputs() == 1003 && firstPanel == 0 ? x.rows() : 0;
                super.multiply(out, outStride, x, w, epilogue, firstPanel, endPanel);
            }
        };
        Pretrained pretrained = Pretrained.open(GoldenModel.directory("tied-tanh"), counting);
        assertThat(greedy(pretrained, 30, 7)).hasSize(7);
        assertThat(rowsOfLogits[0]).isEqualTo(7);
        rowsOfLogits[0] = 0;
        assertThat(greedy(pretrained, 30, 0)).isEmpty();
        assertThat(rowsOfLogits[0]).isZero();
    }
}
