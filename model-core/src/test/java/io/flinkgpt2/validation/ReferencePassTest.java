package io.flinkgpt2.validation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.flinkgpt2.model.GoldenModel;
import io.flinkgpt2.pretrained.Pretrained;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

/** The plain float64 pass against the golden values, to far more digits than float32 has. */
class ReferencePassTest {

    static final List<String> FOLDERS = GoldenModel.FOLDERS;
    /** Of the largest magnitude; the golden numbers have nine digits, the embedding is a float32. */
    private static final double TOLERANCE = 1e-7;

    @ParameterizedTest
    @FieldSource("FOLDERS")
    void everyTensorAndTheLogitsAreThoseOfTheGoldenReference(String folder) throws IOException {
        Path model = GoldenModel.directory(folder);
        Pretrained pretrained = Pretrained.open(model);
        ExpectedCase expected = ExpectedValues.read(model.resolve("expected.json"), model, pretrained.config())
                .cases()
                .get(0);

        ReferencePass.Result result =
                ReferencePass.run(pretrained.config(), pretrained.weights(), expected.promptTokenIds());

        assertThat(expected.tensors()).hasSize(TracedTensor.values().length);
        expected.tensors().forEach((name, golden) -> {
            assertThat(result.tensors().get(name).shape()).isEqualTo(golden.shape());
            assertClose(name.key(), result.tensors().get(name).values(), golden.values());
        });
        double[][] logits = result.logits();
        assertClose("logits", logits[logits.length - 1], expected.lastLogits().orElseThrow());
    }

    private static void assertClose(String name, double[] found, double[] expected) {
        assertThat(found).as(name).containsExactly(expected, within(TOLERANCE * Comparison.largestMagnitude(expected)));
    }

    /** Abramowitz and Stegun, table 7.1. */
    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "0.02, 0.0225645747",
        "0.5, 0.5204998778",
        "1, 0.8427007929",
        "-1, -0.8427007929",
        "2, 0.9953222650",
        "3, 0.9999779095",
        "5.9, 1",
        "7, 1",
        "-40, -1"
    })
    void theErrorFunctionIsThatOfTheTable(double x, double expected) {
        assertThat(ReferencePass.erf(x)).isCloseTo(expected, within(1e-10));
    }
}
