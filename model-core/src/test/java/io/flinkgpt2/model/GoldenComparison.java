package io.flinkgpt2.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.flinkgpt2.tensor.Kernels;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** The comparison of last logits with the golden values, which is green for a right pass and red for a wrong one. */
final class GoldenComparison {

    static final Kernels KERNELS = Kernels.best();

    private GoldenComparison() {}

    /** What computes the logits after a prompt. */
    @FunctionalInterface
    interface Pass {
        float[] lastLogits(int[] promptTokenIds);
    }

    /** The largest difference of each case's last logits, as a share of their largest magnitude. */
    private static List<Double> differences(GoldenModel golden, Pass pass) {
        // One token has no other position to mistake for its own.
        List<JsonNode> cases = golden.cases().stream()
                .filter(c -> c.get("promptTokenIds").size() > 1)
                .toList();
        assertThat(cases).hasSize(3);
        return cases.stream()
                .mapToDouble(c -> {
                    float[] found = pass.lastLogits(GoldenModel.ints(c.get("promptTokenIds")));
                    double[] expected = GoldenModel.doubles(c.get("lastLogits"));
                    double largest =
                            Arrays.stream(expected).map(Math::abs).max().orElseThrow();
                    return IntStream.range(0, found.length)
                                    .mapToDouble(i -> Math.abs(found[i] - expected[i]))
                                    .max()
                                    .orElseThrow()
                            / largest;
                })
                .boxed()
                .toList();
    }

    static void assertGreen(GoldenModel golden, Pass pass) {
        assertThat(differences(golden, pass))
                .as(golden.folder())
                .allMatch(difference -> difference < GoldenTest.TOLERANCE);
    }

    /** Red in every case, so that it does not take luck with the prompt. */
    static void assertRed(GoldenModel golden, Pass pass) {
        assertThat(differences(golden, pass))
                .as(golden.folder())
                .allMatch(difference -> difference > GoldenTest.TOLERANCE);
    }

    static Pass pass(Gpt2 model) {
        return prompt -> Passes.lastLogits(model, prompt);
    }

    static Pass pass(GoldenModel golden, Kernels kernels) {
        return pass(golden.model(kernels));
    }

    static Pass pass(GoldenModel golden, Gpt2Weights weights) {
        return pass(new Gpt2(golden.config(), weights, KERNELS));
    }
}
