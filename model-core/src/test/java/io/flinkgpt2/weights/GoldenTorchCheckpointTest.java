package io.flinkgpt2.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GoldenTorchCheckpointTest {

    @ParameterizedTest
    @CsvSource({
        "tied-tanh, pytorch_model.bin",
        "tied-tanh, pytorch_model-legacy.bin",
        "prefixed-half, pytorch_model.bin",
        "prefixed-half, pytorch_model-legacy.bin"
    })
    void rule1_7_everyTensorIsThatOfTheSafetensorsTwinBitForBit(String model, String name) throws IOException {
        try (WeightsFile twin = WeightsFiles.open(WeightsFixtures.golden(model + "/model.safetensors"));
                WeightsFile weights = WeightsFiles.open(WeightsFixtures.golden(model + "/" + name))) {
            assertThat(weights).isInstanceOf(TorchCheckpoint.class);
            assertThat(weights.describe()).isEqualTo(name);
            for (TensorInfo tensor : twin.tensors().values()) {
                assertThat(weights.tensors()).containsEntry(tensor.name(), tensor);
                assertThat(WeightsFixtures.bits(WeightsFixtures.values(weights, tensor.name())))
                        .as(tensor.name())
                        .isEqualTo(WeightsFixtures.bits(WeightsFixtures.values(twin, tensor.name())));
            }
            Set<String> more = new HashSet<>(weights.tensors().keySet());
            more.removeAll(twin.tensors().keySet());
            assertThat(more).containsExactly("lm_head.weight");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"pytorch_model.bin", "pytorch_model-legacy.bin"})
    void theTiedHeadIsTheTokenEmbedding(String name) throws IOException {
        try (WeightsFile weights = WeightsFiles.open(WeightsFixtures.golden("tied-tanh/" + name))) {
            assertThat(WeightsFixtures.values(weights, "lm_head.weight"))
                    .containsExactly(WeightsFixtures.values(weights, "wte.weight"));
        }
    }
}
