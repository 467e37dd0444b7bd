package io.flinkgpt2.validation;

import static io.flinkgpt2.validation.CheckResult.EXPECTED;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flinkgpt2.generation.Completion;
import io.flinkgpt2.generation.Generator;
import io.flinkgpt2.model.Gpt2Weights;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.tensor.Precision;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Answers of GPT-2 that other implementations publish: in their tests and documents. They are of the published weights in
 * float32. An answer that needs what this version cannot do is listed with the reason, and not run.
 */
public final class KnownAnswers {

    private static final int PREFILL_CHUNK = 128;
    private static final String RESOURCE = "known-answers.json";

    private final String name;
    private final JsonNode answers;

    private KnownAnswers(String name, JsonNode answers) {
        this.name = name;
        this.answers = answers;
    }

    /** Returns the models of which there are answers. */
    public static List<String> names() {
        List<String> names = new ArrayList<>();
        all().fieldNames().forEachRemaining(names::add);
        return names;
    }

    /**
     * Returns the answers of a model.
     *
     * @throws IllegalArgumentException if there are none; names those of which there are
     */
    public static KnownAnswers of(String name) {
        JsonNode all = all();
        if (!all.has(name)) {
            throw new IllegalArgumentException("known-answers: found '" + name + "', expected one of " + names());
        }
        return new KnownAnswers(name, all.get(name));
    }

    /** Answers in the form of the product's own. */
    static KnownAnswers of(String name, JsonNode answers) {
        return new KnownAnswers(name, answers);
    }

    private static JsonNode all() {
        try (InputStream file = KnownAnswers.class.getResourceAsStream(RESOURCE)) {
            return new ObjectMapper().readTree(file);
        } catch (IOException e) {
            throw new UncheckedIOException(RESOURCE + " of this program cannot be read; build it again", e);
        }
    }

    /** Returns the answers as they stand. */
    JsonNode answers() {
        return answers;
    }

    /** Asks the model each of them. */
    public List<CheckResult> check(Pretrained pretrained) {
        List<CheckResult> results = new ArrayList<>();
        results.add(parameters(pretrained));
        Generator generator = new Generator(
                pretrained.model(), pretrained.tokenizer(), pretrained.config().contextLength(), PREFILL_CHUNK);
        for (JsonNode answer : answers.get("answers")) {
            CheckResult result = CheckResult.of(group(), title(answer), "");
            if (answer.has("needs")) {
                results.add(CheckResult.of(
                        group(), title(answer), "needs " + answer.get("needs").textValue()));
            } else if (pretrained.precision() != Precision.F32) {
                results.add(CheckResult.of(
                        group(), title(answer), "published of float32 weights; these are " + pretrained.precision()));
            } else {
                results.add(ask(pretrained, generator, answer, result));
            }
        }
        return results;
    }

    private String group() {
        return "known answers of " + name;
    }

    private static String title(JsonNode answer) {
        JsonNode prompt = answer.get("prompt");
        return answer.get("source").textValue() + ", " + answer.get("settings").textValue()
                + (prompt == null ? "" : ": " + TokenText.quoted(prompt.textValue()));
    }

    private CheckResult parameters(Pretrained pretrained) {
        long found = Gpt2Weights.parameterCount(
                pretrained.config(), pretrained.weights().isTied());
        long expected = answers.get("parameters").longValue();
        return CheckResult.of(group(), "number of parameters", "")
                .showing(List.of(), List.of(found))
                .judged(
                        found == expected,
                        EXPECTED,
                        found == expected ? "" : "found " + found + ", expected " + expected);
    }

    private static CheckResult ask(Pretrained pretrained, Generator generator, JsonNode answer, CheckResult result) {
        try {
            int[] prompt = prompt(pretrained, answer);
            if (answer.has("newTokenIds")) {
                return newTokens(generator, prompt, ints(answer.get("newTokenIds")), result);
            }
            if (answer.has("text")) {
                return text(generator, prompt, answer, result);
            }
            float[] logits = Passes.lastLogits(pretrained.model(), prompt);
            int best = Softmax.argMax(logits);
            int expected = answer.get("argMax").intValue();
            CheckResult shown = result.showing(List.of(), List.of(best));
            if (best != expected) {
                return shown.judged(false, EXPECTED, "found id " + best + ", expected " + expected);
            }
            double found = answer.has("logit") ? logits[best] : Softmax.probabilities(logits)[best];
            String number = answer.has("logit") ? "logit" : "probability";
            return shown.compared(
                    Comparison.of(
                            found,
                            answer.get(number).doubleValue(),
                            answer.get("tolerance").doubleValue()),
                    EXPECTED);
        } catch (IllegalArgumentException | ArithmeticException e) {
            return result.judged(false, "", e.getMessage());
        }
    }

    /** Returns ids where they are given; what the text encodes to must be the same. */
    private static int[] prompt(Pretrained pretrained, JsonNode answer) {
        int[] encoded = answer.has("prompt")
                ? pretrained.tokenizer().encode(answer.get("prompt").textValue())
                : ints(answer.get("promptTokenIds"));
        if (answer.has("promptTokenIds") && !Arrays.equals(encoded, ints(answer.get("promptTokenIds")))) {
            throw new IllegalArgumentException(
                    "token ids of the prompt, " + TokenText.difference(encoded, ints(answer.get("promptTokenIds"))));
        }
        return encoded;
    }

    private static CheckResult newTokens(Generator generator, int[] prompt, int[] expected, CheckResult result) {
        int[] found = generate(generator, prompt, expected.length).tokenIds();
        boolean passed = Arrays.equals(found, expected);
        return result.showing(List.of(found.length), TokenText.first(found))
                .judged(passed, EXPECTED, passed ? "" : TokenText.difference(found, expected));
    }

    /** Compares the text of prompt and completion together, as it is published. */
    private static CheckResult text(Generator generator, int[] prompt, JsonNode answer, CheckResult result) {
        int maxTokens = answer.get("totalTokens").intValue() - prompt.length;
        String expected = answer.get("text").textValue();
        Completion completion = generate(generator, prompt, maxTokens);
        String found = answer.get("prompt").textValue() + completion.text();
        boolean passed = found.equals(expected);
        return result.showing(List.of(completion.tokenIds().length), TokenText.first(completion.tokenIds()))
                .judged(
                        passed,
                        EXPECTED,
                        passed ? "" : "found " + TokenText.quoted(found) + ", expected " + TokenText.quoted(expected));
    }

    private static Completion generate(Generator generator, int[] prompt, int maxTokens) {
        return generator.complete(prompt, GenerationParameters.greedy(maxTokens));
    }

    private static int[] ints(JsonNode array) {
        int[] values = new int[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.get(i).intValue();
        }
        return values;
    }
}
