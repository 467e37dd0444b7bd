package io.flinkgpt2.validation;

import static io.flinkgpt2.validation.CheckResult.EXPECTED;
import static io.flinkgpt2.validation.ValidationPoints.GOLDEN_TOLERANCE;

import io.flinkgpt2.generation.Completion;
import io.flinkgpt2.generation.Generator;
import io.flinkgpt2.model.Gpt2;
import io.flinkgpt2.model.Gpt2Weights;
import io.flinkgpt2.model.KvCache;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.validation.ExpectedCase.ExpectedTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The validation points of one prompt. */
final class PointsOfPrompt {

    private static final double LOGITS_TOLERANCE = 1e-3;
    private static final double SUM_TOLERANCE = 1e-4;
    private static final double SOFTMAX_TOLERANCE = 1e-6;
    private static final double GOLDEN_SOFTMAX_TOLERANCE = 1e-5;
    /** Multiply-adds of a float64 pass that is still waited for: some tens of seconds. */
    private static final double MOST_REFERENCE_WORK = 2e10;

    private static final String FLOAT64 = "float64";
    private static final String NOTHING = "no expected values";
    private static final int SHOWN_TOKENS = 16;

    private final Pretrained pretrained;
    private final Gpt2 model;
    private final Generator generator;
    private final String group;
    private final int[] prompt;
    private final ExpectedCase expected;
    private final List<CheckResult> results = new ArrayList<>();

    PointsOfPrompt(Pretrained pretrained, Generator generator, String group, ExpectedCase expected) {
        this.pretrained = pretrained;
        this.model = pretrained.model();
        this.generator = generator;
        this.group = group;
        this.prompt = expected.promptTokenIds();
        this.expected = expected;
    }

    List<CheckResult> check() {
        expected.prompt().ifPresent(this::promptIds);
        ForwardTrace trace = ForwardTrace.of(model, prompt);
        Optional<ReferencePass.Result> reference = reference();
        for (TracedTensor name : TracedTensor.values()) {
            if (name == TracedTensor.CACHE_KEYS) {
                cache(trace);
            }
            tensor(name, trace.tensor(name), reference);
        }
        allLogits(trace, reference);
        float[] last = lastLogits(trace);
        argMax(last);
        softmax(last);
        text();
        return results;
    }

    private CheckResult point(int number, String name) {
        return CheckResult.of(group, name, NOTHING).atPoint(number);
    }

    /** Returns what values are compared with where none are expected; empty if it would take too long. */
    private Optional<ReferencePass.Result> reference() {
        double work = (double) prompt.length
                * Gpt2Weights.parameterCount(
                        model.config(), pretrained.weights().isTied());
        return work > MOST_REFERENCE_WORK
                ? Optional.empty()
                : Optional.of(ReferencePass.run(model.config(), pretrained.weights(), prompt));
    }

    private void promptIds(String text) {
        int[] found = pretrained.tokenizer().encode(text);
        boolean passed = Arrays.equals(found, prompt);
        results.add(CheckResult.of(group, "token ids of the prompt", "")
                .showing(List.of(found.length), TokenText.first(found))
                .judged(passed, EXPECTED, passed ? "" : TokenText.difference(found, prompt)));
    }

    private void tensor(TracedTensor name, Tensor found, Optional<ReferencePass.Result> reference) {
        ExpectedTensor golden = expected.tensors().get(name);
        if (golden == null && name.isDetail()) {
            return;
        }
        CheckResult result = CheckResult.of(group, name.title(), tooLong()).showing(found);
        if (name.point().isPresent()) {
            result = result.atPoint(name.point().getAsInt());
        }
        if (golden != null) {
            double tolerance = GOLDEN_TOLERANCE * Comparison.largestMagnitude(golden.values());
            result = result.compared(Comparison.of(found, golden.shape(), golden.values(), tolerance), EXPECTED);
        } else if (reference.isPresent()) {
            ExpectedTensor wanted = reference.get().tensors().get(name);
            double tolerance = tolerance(name.publishedTolerance(), wanted.values());
            result = result.compared(Comparison.of(found, wanted.shape(), wanted.values(), tolerance), FLOAT64);
        }
        results.add(result);
    }

    private String tooLong() {
        return NOTHING + ", and " + prompt.length + " positions of this model would take too long in float64";
    }

    private static double tolerance(double absolute, double[] wanted) {
        return Math.max(absolute, GOLDEN_TOLERANCE * Comparison.largestMagnitude(wanted));
    }

    private void cache(ForwardTrace trace) {
        Tensor cache = trace.cache();
        float[] columns = ForwardTrace.keysAndValues(model.config(), trace.tensor(TracedTensor.QKV));
        results.add(point(3, "KV cache of block 0")
                .showing(cache)
                .compared(Comparison.exact(cache.values(), columns), "point 2"));
    }

    private void allLogits(ForwardTrace trace, Optional<ReferencePass.Result> reference) {
        Tensor all = trace.allLogits();
        expected.sumLogProbability().ifPresent(golden -> {
            double sum = sumLogProbability(trace.logits(), prompt);
            results.add(point(8, "log-probability of the prompt by all logits")
                    .showing(all.shape(), List.of(sum))
                    .compared(Comparison.of(sum, golden, SUM_TOLERANCE), EXPECTED));
        });
        CheckResult result = CheckResult.of(group, "logits of all positions", tooLong())
                .atPoint(8)
                .showing(all);
        if (reference.isPresent()) {
            double[] wanted = Arrays.stream(reference.get().logits())
                    .flatMapToDouble(Arrays::stream)
                    .toArray();
            result = result.compared(Comparison.of(all.values(), wanted, tolerance(LOGITS_TOLERANCE, wanted)), FLOAT64);
        }
        results.add(result);
    }

    /** Natural logarithms, of the tokens after the first. */
    private static double sumLogProbability(float[][] logits, int[] tokenIds) {
        double sum = 0;
        for (int p = 1; p < tokenIds.length; p++) {
            sum += logits[p - 1][tokenIds[p]] - Softmax.logSumExp(logits[p - 1], 1);
        }
        return sum;
    }

    /** Computed without those of the other positions, and in two passes. */
    private float[] lastLogits(ForwardTrace trace) {
        KvCache cache = new KvCache(model.config(), prompt.length);
        float[] last = Passes.lastLogits(model, cache, prompt, (prompt.length + 1) / 2);
        CheckResult result = point(9, "logits of the last position").showing(row(last));
        results.add(result.compared(Comparison.exact(last, trace.logits()[prompt.length - 1]), "point 8"));
        expected.lastLogits().ifPresent(golden -> {
            double tolerance = GOLDEN_TOLERANCE * Comparison.largestMagnitude(golden);
            results.add(result.compared(Comparison.of(last, golden, tolerance), EXPECTED));
        });
        return last;
    }

    private static Tensor row(float[] values) {
        return new Tensor(List.of(values.length), values);
    }

    private void argMax(float[] last) {
        int found = model.kernels().argMax(last, 0, last.length);
        CheckResult result = point(10, "arg max").showing(List.of(), List.of(found));
        results.add(argMax(result, found, Softmax.argMax(last), "point 9"));
        expected.argMax().ifPresent(golden -> results.add(argMax(result, found, golden, EXPECTED)));
    }

    private static CheckResult argMax(CheckResult result, int found, int wanted, String against) {
        boolean passed = found >= 0 && found == wanted;
        return result.judged(passed, against, passed ? "" : "found id " + found + ", expected " + wanted);
    }

    /** As the sampler computes it, against double: each of them, and their sum. */
    private void softmax(float[] last) {
        float[] found = probabilities(last, 1);
        double sum = 0;
        for (float probability : found) {
            sum += probability;
        }
        CheckResult result = point(11, "softmax probabilities").showing(row(found));
        results.add(result.compared(Comparison.of(found, Softmax.probabilities(last), SOFTMAX_TOLERANCE), "point 9"));
        results.add(point(11, "sum of the softmax probabilities")
                .showing(List.of(), List.of(sum))
                .compared(Comparison.of(sum, 1, SOFTMAX_TOLERANCE), "1"));
        List<ExpectedCase.TokenProbability> golden = expected.probabilities();
        if (!golden.isEmpty()) {
            float[] all = probabilities(last, ExpectedCase.TEMPERATURE);
            float[] some = new float[golden.size()];
            double[] wanted = new double[golden.size()];
            for (int i = 0; i < some.length; i++) {
                some[i] = all[golden.get(i).tokenId()];
                wanted[i] = golden.get(i).probability();
            }
            results.add(point(11, "softmax probabilities at 0.7")
                    .showing(row(some))
                    .compared(Comparison.of(some, wanted, GOLDEN_SOFTMAX_TOLERANCE), EXPECTED));
        }
    }

    private float[] probabilities(float[] logits, double temperature) {
        float max = logits[Math.max(0, Softmax.argMax(logits))];
        float[] probabilities = new float[logits.length];
        model.kernels().exponentials(probabilities, logits, 0, logits.length, max, (float) (1 / temperature));
        double sum = 0;
        for (float weight : probabilities) {
            sum += weight;
        }
        for (int i = 0; i < probabilities.length; i++) {
            probabilities[i] = (float) (probabilities[i] / sum);
        }
        return probabilities;
    }

    /** As many tokens as are expected, always the best; some to look at where none are. */
    private void text() {
        CheckResult result = point(12, "end to end text");
        Completion completion;
        try {
            int maxTokens = expected.greedyTokenIds().map(ids -> ids.length).orElse(SHOWN_TOKENS);
            completion = generator.complete(prompt, GenerationParameters.greedy(maxTokens));
        } catch (IllegalArgumentException | ArithmeticException e) {
            results.add(result.judged(false, "", e.getMessage()));
            return;
        }
        int[] found = completion.tokenIds();
        String text = TokenText.quoted(completion.text());
        if (expected.greedyTokenIds().isEmpty()) {
            result = CheckResult.of(group, result.name(), NOTHING + "; found " + text)
                    .atPoint(12)
                    .showing(List.of(found.length), TokenText.first(found));
        } else {
            result = result.showing(List.of(found.length), TokenText.first(found));
            int[] ids = expected.greedyTokenIds().get();
            String wanted =
                    expected.text().orElseGet(() -> pretrained.tokenizer().decode(true, ids));
            if (!Arrays.equals(found, ids)) {
                result = result.judged(false, EXPECTED, TokenText.difference(found, ids));
            } else if (completion.text().equals(wanted)) {
                result = result.judged(true, EXPECTED, "found " + text);
            } else {
                result = result.judged(false, EXPECTED, "found " + text + ", expected " + TokenText.quoted(wanted));
            }
        }
        results.add(result);
    }
}
