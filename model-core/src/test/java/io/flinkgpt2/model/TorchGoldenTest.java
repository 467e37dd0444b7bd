package io.flinkgpt2.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.flinkgpt2.tensor.Kernels;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The golden models that come as checkpoints of PyTorch too, in both forms, generate what the reference does. */
class TorchGoldenTest {

    @ParameterizedTest
    @CsvSource({
        "tied-tanh, pytorch_model.bin",
        "tied-tanh, pytorch_model-legacy.bin",
        "prefixed-half, pytorch_model.bin",
        "prefixed-half, pytorch_model-legacy.bin"
    })
    void rule1_7_greedyTokensOfPyTorchCheckpoints(String folder, String file) {
        GoldenModel golden = GoldenModel.open(folder, file);
        Kernels kernels = Kernels.best();
        Gpt2 model = golden.model(kernels);
        for (JsonNode expected : golden.cases()) {
            int[] ids = GoldenModel.ints(expected.get("promptTokenIds"));
            int[] greedy = GoldenModel.ints(expected.get("greedyTokenIds"));
            int promptLength = ids.length;
            KvCache cache = new KvCache(golden.config(), golden.config().contextLength());
            for (int i = 0; i < greedy.length; i++) {
                int next = Passes.argMax(kernels, Passes.lastLogits(model, cache, ids, ids.length));
                ids = Arrays.copyOf(ids, ids.length + 1);
                ids[ids.length - 1] = next;
            }
            assertThat(Arrays.copyOfRange(ids, promptLength, ids.length)).isEqualTo(greedy);
        }
        assertThat(golden.weights().lmHead()).isSameAs(golden.weights().tokenEmbedding());
    }
}
