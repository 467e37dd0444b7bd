package io.flinkgpt2.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.tensor.Epilogue;
import io.flinkgpt2.tensor.InputRows;
import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.tensor.PackedMatrix;
import io.flinkgpt2.tensor.PlainProduct;
import io.flinkgpt2.tensor.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Another product computes the model, with its own packing of weights and rows, and nothing else has to know. */
class PluggedProductTest {

    private static final int LAYERS = 2;
    /** Attention, its projection, and the two matrices of the feed-forward network. */
    private static final int MATRICES_OF_A_LAYER = 4;

    private final Gpt2Config config =
            Gpt2PropertiesTest.model(60, LAYERS, Kernels.best()).config();

    private Gpt2 model(Kernels kernels, Precision precision) throws IOException {
        RandomWeights weights = new RandomWeights(config, 7);
        return new Gpt2(
                config, Gpt2Weights.load(weights, config, Path.of("random"), kernels.product(), precision), kernels);
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void aProductWithItsOwnPackingGivesTheSameBits(Precision precision) throws IOException {
        PlainProduct plain = new PlainProduct();
        Gpt2 plugged = model(Kernels.best(plain), precision);
        Gpt2 usual = model(Kernels.best(), precision);
        int[] ids = Passes.randomIds(config, 33, 5);

        float[][] logits = Passes.allLogits(plugged, ids, null);

        assertThat(logits).isDeepEqualTo(Passes.allLogits(usual, ids, null));
        assertThat(plain.packed).hasValueGreaterThanOrEqualTo(LAYERS * MATRICES_OF_A_LAYER + 1);
        assertThat(plain.multiplied).hasValue(LAYERS * MATRICES_OF_A_LAYER + 1);
    }

    @Test
    void aProductThatCountsAndHandsOnGivesTheSameBits() throws IOException {
        List<Integer> outputs = new ArrayList<>();
        Gpt2 counting = model(
                Kernels.best(new DelegatingProduct(Kernels.best().product()) {
                    @Override
                    public void multiply(
                            float[] out,
                            int outStride,
                            InputRows x,
                            PackedMatrix w,
                            Epilogue epilogue,
                            int firstPanel,
                            int endPanel) {
                        outputs.add(w.outputs());
                        super.multiply(out, outStride, x, w, epilogue, firstPanel, endPanel);
                    }
                }),
                Precision.F32);
        int[] ids = Passes.randomIds(config, 9, 6);

        float[] logits = Passes.lastLogits(counting, ids);

        assertThat(logits).containsExactly(Passes.lastLogits(model(Kernels.best(), Precision.F32), ids));
        int n = config.embeddingSize();
        List<Integer> expected = new ArrayList<>();
        for (int layer = 0; layer < LAYERS; layer++) {
            expected.addAll(List.of(3 * n, n, config.innerSize(), n));
        }
        expected.add(config.vocabularySize());
        assertThat(outputs).containsExactlyElementsOf(expected);
    }

    @Test
    void aForwardStateOfAnotherModelIsRefused() throws IOException {
        Gpt2 model = model(Kernels.best(), Precision.F32);
        RaggedBatch batch = new RaggedBatch(1);
        batch.add(new KvCache(config, 1), 0, 1, true);
        ForwardState others = new ForwardState(model(Kernels.best(new PlainProduct()), Precision.F32), 1, 1, 1);
        assertThatThrownBy(() -> model.forward(batch, others))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the forward state was made for another model");
    }
}
