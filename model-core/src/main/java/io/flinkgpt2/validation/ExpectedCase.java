package io.flinkgpt2.validation;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * A prompt, and what an independent reference computes from it. Whatever is empty is not compared.
 *
 * @param prompt the text that encodes to {@code promptTokenIds}
 * @param promptTokenIds 1 or more
 * @param tensors of the pass over the prompt
 * @param lastLogits the logits of the last position
 * @param argMax the best id after the prompt
 * @param probabilities some of the softmax at temperature 0.7
 * @param sumLogProbability of the prompt's tokens after the first, natural logarithms
 * @param greedyTokenIds what follows if the best id is always taken
 * @param text of {@code greedyTokenIds}
 */
@SuppressWarnings("ArrayRecordComponent") // never compared or hashed
record ExpectedCase(
        Optional<String> prompt,
        int[] promptTokenIds,
        Map<TracedTensor, ExpectedTensor> tensors,
        Optional<double[]> lastLogits,
        OptionalInt argMax,
        List<TokenProbability> probabilities,
        OptionalDouble sumLogProbability,
        Optional<int[]> greedyTokenIds,
        Optional<String> text) {

    /** The temperature of {@link #probabilities}. */
    static final double TEMPERATURE = 0.7;

    ExpectedCase {
        tensors = Map.copyOf(tensors);
        probabilities = List.copyOf(probabilities);
    }

    /** Returns a prompt of which nothing is known. */
    static ExpectedCase nothing(int[] promptTokenIds) {
        return new ExpectedCase(
                Optional.empty(),
                promptTokenIds,
                Map.of(),
                Optional.empty(),
                OptionalInt.empty(),
                List.of(),
                OptionalDouble.empty(),
                Optional.empty(),
                Optional.empty());
    }

    /** Row-major. */
    @SuppressWarnings("ArrayRecordComponent")
    record ExpectedTensor(List<Integer> shape, double[] values) {}

    record TokenProbability(int tokenId, double probability) {}
}
