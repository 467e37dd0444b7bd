package io.flinkgpt2.validation;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.model.GoldenModel;
import io.flinkgpt2.pretrained.LoadOptions;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.tensor.InputRows;
import io.flinkgpt2.tensor.Kernels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SelfChecksTest {

    private static final String CACHED = "logits cached = recomputed";
    private static final String BATCHED = "logits batched = alone";
    private static final String SCALAR = "logits of scalar = vector kernels";
    private static final String DECODED = "decoded = encoded text";
    private static final String VOCABULARY = "vocabulary within the model";

    @TempDir
    private Path directory;

    private static List<CheckResult> check(String folder, Kernels kernels, int... prompt) throws IOException {
        return new SelfChecks(Pretrained.open(
                        GoldenModel.directory(folder), LoadOptions.defaults().withKernels(kernels)))
                .check(prompt);
    }

    private static List<String> names(List<CheckResult> results, Outcome outcome) {
        return results.stream()
                .filter(result -> result.outcome() == outcome)
                .map(CheckResult::name)
                .toList();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 17, 60, 63, 64})
    void aRightModelPassesWithAPromptOfAnyLength(int length) throws IOException {
        int[] prompt = new int[length];
        Arrays.setAll(prompt, i -> (i * 37 + 5) % 1003);

        List<CheckResult> results = check("tied-tanh", Kernels.best(), prompt);

        assertThat(names(results, Outcome.PASSED)).containsExactly(CACHED, BATCHED, SCALAR);
        assertThat(names(results, Outcome.NOT_RUN)).containsExactly(DECODED);
        assertThat(results.get(3).detail()).contains("has no tokenizer", "50257 tokens where this model has 1003");
        assertThat(results.get(0).shape()).containsExactly(Math.min(9, 65 - length), 1003);
    }

    @Test
    void scalarKernelsAloneAreComparedWithNothingAndSaySo() throws IOException {
        List<CheckResult> results = check("tied-tanh", Kernels.reference(), 1, 2, 3);

        assertThat(names(results, Outcome.NOT_RUN)).containsExactly(SCALAR, DECODED);
        assertThat(results.get(2).detail()).contains("--add-modules");
    }

    @Test
    void aProductThatDependsOnTheOtherRowsFailsAgainstItselfAndTheScalarKernels() throws IOException {
        Kernels wrong = WrongKernels.after("multiply", arguments -> {
            int rows = ((InputRows) arguments[2]).rows();
            if (rows > 3) {
                int last = (rows - 1) * (int) arguments[1];
                float[] out = (float[]) arguments[0];
                out[last] = Math.nextUp(out[last]);
            }
        });

        List<CheckResult> results = check("tied-tanh", wrong, 1, 2, 3, 4);

        assertThat(names(results, Outcome.FAILED)).containsExactly(CACHED, BATCHED, SCALAR);
    }

    @Test
    void aVocabularyWithMoreIdsThanTheModelFails() throws IOException {
        Path model = ChangedModels.write("unscaled", "none", 0, directory);
        Path toy = GoldenModel.directory("tokenizer").resolve("toy");
        for (String name : List.of("vocab.json", "merges.txt")) {
            Files.copy(toy.resolve(name), model.resolve(name));
        }

        List<CheckResult> results = new SelfChecks(Pretrained.open(model)).check(new int[] {1, 2, 3});

        assertThat(names(results, Outcome.FAILED)).containsExactly(VOCABULARY);
        assertThat(results.get(4).detail()).contains("306 ids, 300 in the model", "tokenizer files of this model");
    }

    @Test
    void theVocabularyOfTheBundledModelIsGpt2s() throws IOException {
        Pretrained fairytales = Pretrained.open(Path.of("..", "deploy", "models", "fairytales"));

        List<CheckResult> results = new SelfChecks(fairytales).check(new int[] {15496, 995});

        assertThat(names(results, Outcome.PASSED)).containsExactly(CACHED, BATCHED, SCALAR, DECODED, VOCABULARY);
        assertThat(results.get(3).detail()).startsWith("12 of 12 texts");
    }
}
