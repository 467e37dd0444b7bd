package io.flinkgpt2.spec;

import java.util.List;
import java.util.stream.Stream;

/**
 * Mistakes in the product, at least one for each row of the specification, with the tests that must notice them. Those of
 * the pitfalls P1 to P9 are planted inside of their own tests.
 */
final class PlantedMistakes {

    private PlantedMistakes() {}

    static List<PlantedMistake> all() {
        return Stream.of(
                        MistakesInModelsAndWeights.ALL,
                        MistakesInTokens.ALL,
                        MistakesInTheForwardPass.ALL,
                        MistakesInGeneration.ALL,
                        MistakesAtValidationPoints.ALL)
                .flatMap(List::stream)
                .toList();
    }
}
