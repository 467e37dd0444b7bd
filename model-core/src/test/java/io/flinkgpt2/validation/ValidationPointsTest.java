package io.flinkgpt2.validation;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.model.GoldenModel;
import io.flinkgpt2.pretrained.LoadOptions;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.tensor.InputRows;
import io.flinkgpt2.tensor.Kernels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

/** The twelve points are green for a right pass, and red at the right place for a wrong one. */
class ValidationPointsTest {

    private static final int[] PROMPT = {7, 300, 12, 12, 45, 1};
    static final List<String> FOLDERS = GoldenModel.FOLDERS;
    static final List<Arguments> KERNELS = List.of(Arguments.of(Kernels.reference()), Arguments.of(Kernels.best()));

    @TempDir
    private Path directory;

    private static Pretrained open(String folder, Kernels kernels) throws IOException {
        return Pretrained.open(
                GoldenModel.directory(folder), LoadOptions.defaults().withKernels(kernels));
    }

    private static List<CheckResult> golden(Pretrained pretrained, String folder) throws IOException {
        Path model = GoldenModel.directory(folder);
        ExpectedValues expected = ExpectedValues.read(model.resolve("expected.json"), model, pretrained.config());
        return new ValidationPoints(pretrained).check(expected);
    }

    private static List<Integer> failedPoints(List<CheckResult> results) {
        return results.stream()
                .filter(result -> result.outcome() == Outcome.FAILED)
                .flatMapToInt(result -> result.point().stream())
                .distinct()
                .boxed()
                .toList();
    }

    @ParameterizedTest
    @FieldSource("FOLDERS")
    void
            point1_point2_point3_point4_point5_point6_point7_point8_point9_point10_point11_point12_everyPointOfEveryCaseIsComparedAndGreen(
                    String folder) throws IOException {
        List<CheckResult> results = golden(open(folder, Kernels.best()), folder);

        assertThat(results)
                .allSatisfy(
                        result -> assertThat(result.outcome()).as("%s", result).isEqualTo(Outcome.PASSED));
        for (int number = 1; number <= 4; number++) {
            String group = "case " + number;
            assertThat(results.stream().filter(result -> result.group().equals(group)))
                    .extracting(CheckResult::point)
                    .containsAll(IntStream.rangeClosed(1, 12)
                            .mapToObj(OptionalInt::of)
                            .toList());
        }
        // Nothing of the file is left out: ten tensors, and of each case six values more.
        assertThat(results.stream().filter(result -> result.against().equals(CheckResult.EXPECTED)))
                .hasSize(10 + 4 * 5);
    }

    @ParameterizedTest
    @FieldSource("KERNELS")
    void withoutExpectedValuesThePointsAreComparedWithAFloat64Pass(Kernels kernels) throws IOException {
        List<CheckResult> results = new ValidationPoints(open("tied-tanh", kernels)).check("prompt", PROMPT);

        assertThat(results.stream().filter(result -> result.outcome() == Outcome.FAILED))
                .isEmpty();
        assertThat(results.stream().filter(result -> result.against().equals("float64")))
                .extracting(result -> result.point().orElseThrow())
                .containsExactly(1, 2, 4, 5, 6, 7, 8);
        assertThat(results.stream().filter(result -> result.outcome() == Outcome.NOT_RUN))
                .singleElement()
                .satisfies(text -> assertThat(text.point()).hasValue(12))
                .satisfies(text -> assertThat(text.detail()).startsWith("no expected values; found \""));
        assertThat(results)
                .allSatisfy(result -> assertThat(result.firstValues()).isNotEmpty());
    }

    @Test
    void shapesAreThoseOfTheModel() throws IOException {
        List<CheckResult> results = new ValidationPoints(open("untied-erf", Kernels.best())).check("prompt", PROMPT);

        assertThat(results.stream().limit(9).map(CheckResult::shape))
                .containsExactly(
                        List.of(6, 128),
                        List.of(6, 384),
                        List.of(2, 2, 6, 64),
                        List.of(2, 6, 6),
                        List.of(6, 128),
                        List.of(6, 128),
                        List.of(6, 128),
                        List.of(6, 517),
                        List.of(517));
    }

    @ParameterizedTest
    @CsvSource({
        "h.0.ln_1.weight, 1",
        "h.0.attn.c_attn.weight, 2",
        "h.0.attn.c_proj.bias, 5",
        "h.0.ln_2.bias, 6",
        "h.0.mlp.c_fc.bias, 6",
        "h.0.mlp.c_proj.bias, 6",
        "h.1.ln_1.bias, 8",
        "h.2.mlp.c_proj.weight, 8",
        "ln_f.bias, 8",
        "wpe.weight, 1"
    })
    void aChangedWeightTurnsThePointRedAtWhichItEnters(String tensor, int point) throws IOException {
        Pretrained changed = Pretrained.open(ChangedModels.write("tied-tanh", tensor, 0.5f, directory));

        List<CheckResult> results = golden(changed, "tied-tanh");

        assertThat(failedPoints(results)).first().isEqualTo(point);
        assertThat(failedPoints(results)).contains(9);
        assertThat(results)
                .filteredOn(result -> result.outcome() == Outcome.FAILED)
                .allSatisfy(result -> assertThat(result.detail()).contains("found", "expected"));
    }

    @Test
    void point4_wronglyScaledScoresTurnPoint4RedWithoutExpectedValues() throws IOException {
        Kernels wrong = WrongKernels.before("attentionScores", arguments -> arguments[7] = (float) arguments[7] * 0.9f);

        List<CheckResult> results = new ValidationPoints(open("tied-tanh", wrong)).check("prompt", PROMPT);

        assertThat(failedPoints(results)).first().isEqualTo(4);
    }

    @Test
    void point9_aProductThatDependsOnTheNumberOfRowsTurnsPoint9Red() throws IOException {
        Kernels wrong = WrongKernels.after("multiply", arguments -> {
            if (((InputRows) arguments[2]).rows() == 1) {
                float[] out = (float[]) arguments[0];
                out[0] = Math.nextUp(out[0]);
            }
        });

        List<CheckResult> results = new ValidationPoints(open("tied-tanh", wrong)).check("prompt", PROMPT);

        assertThat(failedPoints(results)).containsExactly(9);
    }

    @Test
    void point11_aForgottenTemperatureTurnsPoint11Red() throws IOException {
        Kernels wrong = WrongKernels.before("exponentials", arguments -> arguments[5] = 1f);

        List<CheckResult> results = golden(open("tied-tanh", wrong), "tied-tanh");

        assertThat(failedPoints(results)).containsExactly(11);
    }

    @Test
    void point10_anArgMaxOverTooFewTurnsPoint10Red() throws IOException {
        Kernels wrong = WrongKernels.before("argMax", arguments -> arguments[2] = 20);

        List<CheckResult> results = golden(open("tied-tanh", wrong), "tied-tanh");

        assertThat(failedPoints(results)).containsExactly(10, 12);
    }

    @Test
    void logitsThatAreNoNumbersFailAndEndNothing() throws IOException {
        Kernels wrong = WrongKernels.after("multiply", arguments -> ((float[]) arguments[0])[0] = Float.NaN);

        List<CheckResult> results = new ValidationPoints(open("tied-tanh", wrong)).check("prompt", PROMPT);

        assertThat(failedPoints(results)).containsExactly(2, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    }
}
