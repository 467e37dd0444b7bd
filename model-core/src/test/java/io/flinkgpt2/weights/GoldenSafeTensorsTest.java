package io.flinkgpt2.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GoldenSafeTensorsTest {

    @ParameterizedTest
    @CsvSource({
        "tied-tanh, F32, 40",
        "untied-erf, F32, 29",
        "prefixed-half, F16, 60",
        "scaled-sharded-bf16, BF16, 40",
        "unscaled, F32, 28"
    })
    void rule1_7_everyTensorOfAGoldenModelIsWhatANaiveReaderSees(String model, DType dtype, int count)
            throws IOException {
        List<NaiveSafeTensors> files = new ArrayList<>();
        try (DirectoryStream<Path> paths = Files.newDirectoryStream(WeightsFixtures.golden(model), "*.safetensors")) {
            for (Path path : paths) {
                files.add(new NaiveSafeTensors(path));
            }
        }
        Set<String> seen = new HashSet<>();
        try (WeightsFile weights = WeightsFiles.open(WeightsFixtures.golden(model))) {
            assertThat(weights.tensors()).hasSize(count);
            for (NaiveSafeTensors naive : files) {
                for (String name : naive.values.keySet()) {
                    seen.add(name);
                    TensorInfo tensor = weights.tensors().get(name);
                    assertThat(tensor.name()).isEqualTo(name);
                    assertThat(tensor.dtype()).isEqualTo(dtype);
                    assertThat(tensor.dtype().name()).isEqualTo(naive.dtypes.get(name));
                    assertThat(tensor.shape()).isEqualTo(naive.shapes.get(name));
                    assertThat(WeightsFixtures.bits(WeightsFixtures.values(weights, name)))
                            .as(name)
                            .isEqualTo(WeightsFixtures.bits(naive.values.get(name)));
                }
            }
            assertThat(weights.tensors().keySet()).isEqualTo(seen);
        }
    }

    @Test
    void shapesAreThoseOfTheConfig() throws IOException {
        try (WeightsFile weights = WeightsFiles.open(WeightsFixtures.golden("tied-tanh"))) {
            assertThat(weights.tensors().get("h.2.attn.c_attn.weight").shape()).containsExactly(48L, 144L);
            assertThat(weights.tensors().get("ln_f.weight").shape()).containsExactly(48L);
            assertThat(weights.describe()).isEqualTo("model.safetensors");
        }
        try (WeightsFile weights = WeightsFiles.open(WeightsFixtures.golden("prefixed-half"))) {
            assertThat(weights.tensors().get("transformer.h.0.attn.masked_bias").shape())
                    .isEmpty();
            assertThat(weights.tensors().get("transformer.h.0.attn.bias").shape())
                    .containsExactly(1L, 1L, 80L, 80L);
        }
        try (WeightsFile weights = WeightsFiles.open(WeightsFixtures.golden("scaled-sharded-bf16"))) {
            assertThat(weights.describe()).isEqualTo("model.safetensors.index.json (2 shards)");
        }
    }
}
