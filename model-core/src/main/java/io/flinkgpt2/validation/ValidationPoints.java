package io.flinkgpt2.validation;

import io.flinkgpt2.generation.Generator;
import io.flinkgpt2.pretrained.Pretrained;
import java.util.ArrayList;
import java.util.List;

/**
 * The twelve places at which a forward pass is looked at, from the first layer norm to the text: each with shape, first
 * values, and the largest difference from what it is compared with.
 *
 * <p>Expected values, which are of a float64 reference, are met within {@value #GOLDEN_TOLERANCE} of a tensor's largest
 * magnitude. Where none are given, points 1 to 8 are compared with a plain float64 pass over the same weights, within 1e-5
 * (layer norm), 1e-4 and 1e-3 (logits), or that share of the largest magnitude where it is more, for some models have
 * channels in the thousands. Whatever the model: the cache is the keys and values of point 2 bit for bit, the logits of the
 * last position computed alone are the last row of all positions' bit for bit, the arg max is their first largest, and the
 * softmax is what double arithmetic makes of them.
 */
public final class ValidationPoints {

    /** Share of the largest magnitude; a correct float32 pass stays under 5e-6. */
    static final double GOLDEN_TOLERANCE = 2e-5;

    private static final int PREFILL_CHUNK = 128;

    private final Pretrained pretrained;
    private final Generator generator;

    public ValidationPoints(Pretrained pretrained) {
        this.pretrained = pretrained;
        this.generator = new Generator(
                pretrained.model(), pretrained.tokenizer(), pretrained.config().contextLength(), PREFILL_CHUNK);
    }

    /** Returns the points of each case. */
    public List<CheckResult> check(ExpectedValues expected) {
        List<CheckResult> results = new ArrayList<>();
        for (int i = 0; i < expected.cases().size(); i++) {
            ExpectedCase one = expected.cases().get(i);
            results.addAll(new PointsOfPrompt(pretrained, generator, "case " + (i + 1), one).check());
        }
        return results;
    }

    /**
     * Returns the points of a prompt of which nothing is expected.
     *
     * @param group what the results are called together
     * @param promptTokenIds 1 or more, at most {@code n_positions}
     */
    public List<CheckResult> check(String group, int[] promptTokenIds) {
        return new PointsOfPrompt(pretrained, generator, group, ExpectedCase.nothing(promptTokenIds)).check();
    }
}
