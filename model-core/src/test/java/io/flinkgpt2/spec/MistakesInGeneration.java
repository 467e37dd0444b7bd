package io.flinkgpt2.spec;

import static io.flinkgpt2.spec.PlantedMistake.mistake;

import java.util.List;

/** Mistakes in section 4: sampling and generation. */
final class MistakesInGeneration {

    static final List<PlantedMistake> ALL = List.of(
            mistake(
                    "4.1",
                    "of equal logits the highest id is the better",
                    "sampling/Ranking.java",
                    "first == second && a < b",
                    "first == second && a > b",
                    "sampling.SamplerTest#rule4_1_ofEqualLogitsTopKAndTopPKeepTheLowestIds"),
            mistake(
                    "4.1",
                    "of equal logits arg max takes the highest id",
                    "tensor/ScalarKernels.java",
                    "x[offset + i] > x[offset + best]",
                    "x[offset + i] >= x[offset + best]",
                    "sampling.SamplerTest#rule4_1_greedyTakesTheLowestIdOfEqualLogits"),
            mistake(
                    "4.1",
                    "a hundred-thousandth is greedy",
                    "sampling/SamplingParameters.java",
                    "GREEDY_BELOW = 1e-6",
                    "GREEDY_BELOW = 1e-5",
                    "sampling.SamplerTest#rule4_1_aTemperatureBelowAMillionthIsGreedyAndAMillionthIsNot"),
            mistake(
                    "4.1",
                    "logits are multiplied by the temperature",
                    "sampling/Candidates.java",
                    "(float) (1 / temperature)",
                    "(float) temperature",
                    "sampling.SamplerTest#rule4_1_topPAppliesAfterTheTemperature"),
            mistake(
                    "4.1",
                    "a draw that favours the first",
                    "sampling/Candidates.java",
                    "uniform * total",
                    "uniform * uniform * total",
                    "sampling.SamplerStatisticsTest#rule4_1_drawsFollowTheSoftmaxOfWhatIsKept"),
            mistake(
                    "4.1",
                    "the least typical tokens are kept",
                    "sampling/Candidates.java",
                    "-Math.abs(exponent(i) - mean)",
                    "Math.abs(exponent(i) - mean)",
                    "sampling.SamplerTest#rule4_1_typicalKeepsTheTokensWhoseInformationIsClosestToTheEntropy"),
            mistake(
                    "4.1",
                    "min-p is a share of one",
                    "sampling/Candidates.java",
                    "minP * largest",
                    "minP",
                    "sampling.SamplerTest#rule4_1_minPIsAShareOfTheLargestProbabilityThatIsLeft"),
            mistake(
                    "4.2",
                    "one token more than max_tokens",
                    "generation/Sequence.java",
                    "generatedCount() >= parameters().maxTokens()",
                    "generatedCount() > parameters().maxTokens()",
                    "generation.GeneratorTest#rule4_2_everyMaxTokensGivesAPrefixOfTheLongestCompletion"),
            mistake(
                    "4.2",
                    "generation goes on past the end of the text",
                    "generation/EndingTokens.java",
                    "if (contains(endOfText, tokenId)) {",
                    "if (tokenId < 0) {",
                    "generation.GeneratorTest#rule4_2_generationEndsAtTheEndOfTextIdAndLeavesItOut"),
            mistake(
                    "4.2",
                    "the end of the text is called a limit",
                    "generation/StopReason.java",
                    "END_OF_TEXT(FinishReason.STOP)",
                    "END_OF_TEXT(FinishReason.LENGTH)",
                    "generation.GeneratorTest#rule4_2_generationEndsAtTheEndOfTextIdAndLeavesItOut"),
            mistake(
                    "4.2",
                    "max_context is called max_tokens",
                    "generation/Sequence.java",
                    "end(Stop.of(StopReason.MAX_CONTEXT));",
                    "end(Stop.of(StopReason.MAX_TOKENS));",
                    "generation.GeneratorTest#rule1_3_rule4_2_promptAndCompletionTogetherAreAtMostMaxContext"),
            mistake(
                    "4.3",
                    "choices share a random stream",
                    "sampling/RandomStream.java",
                    "(choice + 1L)",
                    "1L",
                    "generation.GeneratorTest#rule4_3_rule4_4_sampledTokensAreAFunctionOfSeedAndChoice"),
            mistake(
                    "4.3",
                    "a logit row of a batch is that of its first sequence",
                    "model/Gpt2.java",
                    "batch.logitRow(i) * s.stride",
                    "batch.logitRow(0) * s.stride",
                    "model.Gpt2PropertiesTest#rule4_3_rule4_4_inABatchEqualsAlone"),
            mistake(
                    "4.4",
                    "the random number depends on the clock",
                    "sampling/RandomStream.java",
                    "(step + 1L)",
                    "System.nanoTime()",
                    "sampling.RandomStreamTest#rule4_4_isAFunctionOfItsArgumentsAlone"),
            mistake(
                    "4.4",
                    "scalar kernels multiply by the inverse where vector kernels divide",
                    "tensor/ScalarKernels.java",
                    "float mean = sum(x, row, n, 0, 1) / n;",
                    "float mean = sum(x, row, n, 0, 1) * (1f / n);",
                    "model.Gpt2PropertiesTest#rule4_4_vectorEqualsScalarForEveryActivationFunctionAndSize"),
            mistake(
                    "4.4",
                    "a cache that is reused remembers",
                    "model/KvCache.java",
                    "blocks[blockCount] = null;\n        }\n        length = 0;",
                    "blocks[blockCount] = null;\n        }\n        length = Math.min(length, 1);",
                    "generation.ContinuousBatchPropertiesTest#rule4_3_rule4_4_everyRequestGetsTheBitsThatItGetsAlone"),
            mistake(
                    "4.4",
                    "a shared prefix lacks its last position",
                    "model/KvCache.java",
                    "copy(block, own, positions);",
                    "copy(block, own, positions - 1);",
                    "generation.ContinuousBatchPropertiesTest#rule4_3_rule4_4_everyRequestGetsTheBitsThatItGetsAlone"),
            mistake(
                    "4.3",
                    "all sequences of a batch sample from the logits of the first",
                    "generation/ModelRunner.java",
                    "forwardState.logitsOffset(logits++)",
                    "forwardState.logitsOffset(0 * logits++)",
                    "generation.ContinuousBatchPropertiesTest#rule4_3_rule4_4_everyRequestGetsTheBitsThatItGetsAlone"));

    private MistakesInGeneration() {}
}
