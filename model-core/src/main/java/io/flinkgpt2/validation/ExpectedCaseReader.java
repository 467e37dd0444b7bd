package io.flinkgpt2.validation;

import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.validation.ExpectedCase.ExpectedTensor;
import io.flinkgpt2.validation.ExpectedCase.TokenProbability;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** Reads one case of a file of expected values, and refuses what no pass of this model could be compared with. */
final class ExpectedCaseReader {

    private static final String PROMPT = "prompt";
    private static final String PROMPT_TOKEN_IDS = "promptTokenIds";
    private static final String LAST_LOGITS = "lastLogits";
    private static final String ARG_MAX = "argmax";
    private static final String PROBABILITIES = "softmaxTemperature0.7Top5";
    private static final String SUM_LOG_PROBABILITY = "sumLogProbability";
    private static final String GREEDY_TOKEN_IDS = "greedyTokenIds";
    private static final String TEXT = "text";
    private static final String ACTIVATIONS = "activations";

    private static final List<String> KNOWN = List.of(
            PROMPT,
            PROMPT_TOKEN_IDS,
            LAST_LOGITS,
            ARG_MAX,
            PROBABILITIES,
            SUM_LOG_PROBABILITY,
            GREEDY_TOKEN_IDS,
            TEXT,
            "smallestTop2Gap",
            ACTIVATIONS);

    private final ExpectedJson fields;
    private final Gpt2Config config;

    ExpectedCaseReader(ExpectedJson fields, Gpt2Config config) {
        this.fields = fields;
        this.config = config;
    }

    ExpectedCase read() throws InvalidExpectedValuesException {
        fields.allowOnly(KNOWN);
        int[] prompt = tokenIds(PROMPT_TOKEN_IDS);
        int greedyCount =
                fields.has(GREEDY_TOKEN_IDS) ? fields.array(GREEDY_TOKEN_IDS).size() : 0;
        if (prompt.length == 0 || prompt.length + greedyCount > config.contextLength()) {
            throw fields.invalid(
                    PROMPT_TOKEN_IDS,
                    prompt.length + " ids, " + greedyCount + " to follow",
                    "at least 1, and together at most " + config.contextLength() + ", the n_positions of the model",
                    null);
        }
        ExpectedCase expected = new ExpectedCase(
                fields.has(PROMPT) ? Optional.of(fields.string(PROMPT)) : Optional.empty(),
                prompt,
                tensors(),
                fields.has(LAST_LOGITS) ? Optional.of(lastLogits()) : Optional.empty(),
                fields.has(ARG_MAX) ? OptionalInt.of(fields.integer(ARG_MAX)) : OptionalInt.empty(),
                probabilities(),
                fields.has(SUM_LOG_PROBABILITY)
                        ? OptionalDouble.of(fields.number(SUM_LOG_PROBABILITY))
                        : OptionalDouble.empty(),
                fields.has(GREEDY_TOKEN_IDS) ? Optional.of(tokenIds(GREEDY_TOKEN_IDS)) : Optional.empty(),
                fields.has(TEXT) ? Optional.of(fields.string(TEXT)) : Optional.empty());
        if (expected.text().isPresent() && expected.greedyTokenIds().isEmpty()) {
            throw fields.invalid(TEXT, "no greedyTokenIds", "the ids whose text it is", null);
        }
        return expected;
    }

    private int[] tokenIds(String field) throws InvalidExpectedValuesException {
        int[] ids = fields.array(field).integers();
        for (int i = 0; i < ids.length; i++) {
            checkTokenId(field + "[" + i + "]", ids[i]);
        }
        return ids;
    }

    private void checkTokenId(String field, int id) throws InvalidExpectedValuesException {
        if (id < 0 || id >= config.vocabularySize()) {
            throw fields.invalid(
                    field,
                    "token id " + id,
                    "0.." + (config.vocabularySize() - 1) + ", the vocab_size of the model",
                    null);
        }
    }

    private double[] lastLogits() throws InvalidExpectedValuesException {
        double[] logits = fields.array(LAST_LOGITS).numbers();
        if (logits.length != config.vocabularySize()) {
            throw fields.invalid(
                    LAST_LOGITS,
                    logits.length + " values",
                    config.vocabularySize() + ", the vocab_size of the model",
                    null);
        }
        return logits;
    }

    private List<TokenProbability> probabilities() throws InvalidExpectedValuesException {
        List<TokenProbability> probabilities = new ArrayList<>();
        if (fields.has(PROBABILITIES)) {
            ExpectedJson.Array pairs = fields.array(PROBABILITIES);
            for (int i = 0; i < pairs.size(); i++) {
                ExpectedJson.Array pair = pairs.array(i);
                checkTokenId(PROBABILITIES + "[" + i + "]", pair.integer(0));
                probabilities.add(new TokenProbability(pair.integer(0), pair.number(1)));
            }
        }
        return probabilities;
    }

    private Map<TracedTensor, ExpectedTensor> tensors() throws InvalidExpectedValuesException {
        Map<TracedTensor, ExpectedTensor> tensors = new EnumMap<>(TracedTensor.class);
        if (fields.has(ACTIVATIONS)) {
            ExpectedJson activations = fields.object(ACTIVATIONS);
            for (String name : activations.names()) {
                Optional<TracedTensor> traced = TracedTensor.ofKey(name);
                if (traced.isEmpty()) {
                    throw activations.invalid("field", "'" + name + "'", "only " + TracedTensor.keys(), null);
                }
                tensors.put(traced.get(), tensor(activations.object(name)));
            }
        }
        return tensors;
    }

    private static ExpectedTensor tensor(ExpectedJson tensor) throws InvalidExpectedValuesException {
        tensor.allowOnly(List.of("shape", "values"));
        List<Integer> shape = new ArrayList<>();
        long size = 1;
        for (int dimension : tensor.array("shape").integers()) {
            shape.add(dimension);
            size = Math.multiplyExact(size, Math.max(0, dimension));
            if (size > Integer.MAX_VALUE) {
                throw tensor.invalid("shape", "more than 2^31 values", "fewer", null);
            }
        }
        double[] values = tensor.array("values").numbers();
        if (values.length != size) {
            throw tensor.invalid("values", values.length + " values", size + ", by the shape " + shape, null);
        }
        return new ExpectedTensor(List.copyOf(shape), values);
    }
}
