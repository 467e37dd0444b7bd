package io.flinkgpt2.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.pretrained.LoadOptions;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.tensor.Activation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The user's activation function in place of the model's: {@code tied-tanh} has the tanh GELU, {@code untied-erf} the exact. */
class ActivationOverrideTest {

    static Stream<Path> models() {
        return Stream.of(
                GoldenModel.directory("tied-tanh"),
                GoldenModel.directory("untied-erf"),
                GoldenModel.directory(GoldenModel.GGUF_FILES.get(0)));
    }

    private static float[] logits(Pretrained model) {
        return Passes.lastLogits(model.model(), Passes.randomIds(model.config(), 12, 3));
    }

    @ParameterizedTest
    @MethodSource("models")
    void rule3_7_theUsersActivationIsComputedInPlaceOfTheModels(Path path) throws IOException {
        Pretrained plain = Pretrained.open(path);
        Set<String> revisions = new HashSet<>(Set.of(plain.revision()));
        for (Activation activation : Activation.values()) {
            Pretrained overridden = Pretrained.open(path, LoadOptions.defaults().withActivation(activation));

            assertThat(overridden.config()).isEqualTo(plain.config().withActivation(activation));
            if (activation == plain.config().activation()) {
                assertThat(logits(overridden)).isEqualTo(logits(plain));
                assertThat(overridden.revision()).isEqualTo(plain.revision());
            } else {
                assertThat(logits(overridden)).isNotEqualTo(logits(plain));
                assertThat(revisions.add(overridden.revision())).isTrue();
            }
        }
        assertThat(revisions).hasSize(Activation.values().length);
    }

    @Test
    void rule3_7_theUsersActivationIsLookedAtBeforeTheConfigsIsJudged(@TempDir Path directory) throws IOException {
        Path golden = GoldenModel.directory("tied-tanh");
        Files.copy(golden.resolve("model.safetensors"), directory.resolve("model.safetensors"));
        String config = Files.readString(golden.resolve("config.json"));
        Files.writeString(directory.resolve("config.json"), config.replace("\"gelu_new\"", "\"silu\""));
        Set<String> revisions = new HashSet<>();
        for (Activation activation : Activation.values()) {
            LoadOptions options = LoadOptions.defaults().withActivation(activation);
            Pretrained overridden = Pretrained.open(directory, options);
            assertThat(logits(overridden)).isEqualTo(logits(Pretrained.open(golden, options)));
            revisions.add(overridden.revision());
        }
        assertThat(revisions).hasSize(Activation.values().length);
        assertThatThrownBy(() -> Pretrained.open(directory))
                .hasMessageContaining("activation_function: found '\"silu\"'");
    }
}
