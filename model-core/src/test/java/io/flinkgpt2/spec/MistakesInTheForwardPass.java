package io.flinkgpt2.spec;

import static io.flinkgpt2.spec.PlantedMistake.mistake;

import java.util.List;

/** Mistakes in section 3: the forward pass. */
final class MistakesInTheForwardPass {

    static final List<PlantedMistake> ALL = List.of(
            mistake(
                    "3.1",
                    "the second layer norm of a block is its first",
                    "model/Gpt2.java",
                    "normalise(s.normed, s.x, s.stride, rows, block.layerNorm2());",
                    "normalise(s.normed, s.x, s.stride, rows, block.layerNorm1());",
                    "model.GoldenTest#rule3_1_point7_theOutputOfTheFirstBlockIsTheReferences"),
            mistake(
                    "3.1",
                    "the final layer norm is that of the first block",
                    "model/Gpt2.java",
                    "count, weights.finalLayerNorm());",
                    "count, weights.blocks().get(0).layerNorm1());",
                    "model.GoldenTest#rule3_1_theFinalLayerNormIsTheReferencesAndNoActivationIsLeftOut"),
            mistake(
                    "3.2",
                    "a layer norm without its shift",
                    "tensor/ScalarKernels.java",
                    "(x[row + i] - mean) * scale, weight[i], bias[i])",
                    "(x[row + i] - mean) * scale, weight[i], 0f)",
                    "tensor.KernelsTest#rule3_2_layerNormDividesTheVarianceByN"),
            mistake(
                    "3.2",
                    "the variance is not biased",
                    "tensor/ScalarKernels.java",
                    "sumOfSquares(x, row, n, mean, 0, 1) / n",
                    "sumOfSquares(x, row, n, mean, 0, 1) / (n - 1)",
                    "tensor.KernelsTest#rule3_2_layerNormDividesTheVarianceByN"),
            mistake(
                    "3.3",
                    "scores are scaled by the embedding size",
                    "model/Gpt2Config.java",
                    "1 / Math.sqrt(headSize())",
                    "1 / Math.sqrt(embeddingSize)",
                    "model.Gpt2ConfigTest#rule3_3_theConfigDecidesTheScaleOfTheScores"),
            mistake(
                    "3.3",
                    "layers are counted from 1",
                    "model/Gpt2Config.java",
                    "scale / (layer + 1)",
                    "scale / (layer + 2)",
                    "model.Gpt2ConfigTest#rule3_3_theConfigDecidesTheScaleOfTheScores"),
            mistake(
                    "3.3",
                    "scores are scaled though the config says no",
                    "model/Gpt2Config.java",
                    "scaleAttentionWeights ? 1 / Math.sqrt(headSize()) : 1",
                    "1 / Math.sqrt(headSize())",
                    "model.GoldenTest#rule3_3_point4_scaledScoresOfTheFirstBlockAreTheReferences"),
            mistake(
                    "3.4",
                    "a query sees the token after its own",
                    "model/AttentionStep.java",
                    "int position = batch.position(row);",
                    "int position = Math.min(batch.position(row) + 1, cache.length() + batch.size() - 1);",
                    "model.ForwardRulesTest#rule3_4_aTokenChangesTheLogitsFromItsPositionOnAndNoneBefore"),
            mistake(
                    "3.5",
                    "keys are written one place further on",
                    "model/KvLayout.java",
                    "int to = openKey(layer, slot);",
                    "int to = openKey(layer, (slot + 1) % BLOCK_POSITIONS);",
                    "model.GoldenTest#rule3_5_point3_theCacheHoldsTheKeysAndValues"),
            mistake(
                    "3.5",
                    "an open stripe is read as if it were closed",
                    "model/KvCache.java",
                    "return Math.min(positions, last * BLOCK_POSITIONS",
                    "return Math.max(positions, last * BLOCK_POSITIONS",
                    "model.GoldenTest#rule3_5_greedyTokens"),
            mistake(
                    "3.5",
                    "all layers have the keys of one",
                    "model/KvLayout.java",
                    "return 2 * layer * BLOCK_POSITIONS * row;",
                    "return 0;",
                    "model.GoldenTest#rule3_5_greedyTokens"),
            mistake(
                    "3.6",
                    "the inner layer is twice as wide where the config is silent",
                    "model/Gpt2ConfigJson.java",
                    "Math.multiplyExact(4, checked4(embeddingSize))",
                    "Math.multiplyExact(2, checked4(embeddingSize))",
                    "model.Gpt2ConfigTest#rule3_6_rule3_7_whatAConfigLeavesOutHasTheDefaultOfTheArchitecture"),
            mistake(
                    "3.6",
                    "the inner layer is made of rows that are not normalised",
                    "model/Gpt2.java",
                    "linear(s, s.inner, s.innerStride, s.normed,",
                    "linear(s, s.inner, s.innerStride, s.x,",
                    "model.GoldenTest#rule3_6_point6_theFeedForwardOutputOfTheFirstBlockIsTheReferences"),
            mistake(
                    "3.7",
                    "gelu_new is the exact form",
                    "model/ActivationNames.java",
                    "\"gelu_accurate\" -> Optional.of(Activation.GELU_TANH);",
                    "\"gelu_accurate\" -> Optional.of(Activation.GELU);",
                    "model.Gpt2ConfigTest#rule3_7_theConfigDecidesTheActivationFunction"),
            mistake(
                    "3.7",
                    "a config that names none means the exact form",
                    "model/Gpt2ConfigJson.java",
                    ": Optional.of(Activation.GELU_TANH);",
                    ": Optional.of(Activation.GELU);",
                    "model.Gpt2ConfigTest#rule3_6_rule3_7_whatAConfigLeavesOutHasTheDefaultOfTheArchitecture"),
            mistake(
                    "3.7",
                    "a GGUF file means the exact form",
                    "model/GgufConfig.java",
                    "Activation.GELU_TANH,",
                    "Activation.GELU,",
                    "model.GgufConfigTest#rule1_7_rule2_4_rule3_7_hyperParametersComeFromTheMetadataAndTheVocabularySizeFromTheEmbedding"),
            mistake(
                    "3.7",
                    "the user's choice is passed over",
                    "pretrained/ModelLoader.java",
                    "Gpt2Config.read(configFile, options.activation())",
                    "Gpt2Config.read(configFile)",
                    "generation.GenerationRulesTest#rule3_7_aUserMayOverrideTheActivation"),
            mistake(
                    "3.7",
                    "another cubic term of the tanh form",
                    "tensor/FloatMath.java",
                    "G3 = -0.071354814f",
                    "G3 = -0.0715f",
                    "tensor.FloatMathTest#rule3_7_theTanhFormOfGeluIsWithinAMillionthOfItsMagnitude"),
            mistake(
                    "3.7",
                    "another argument of the exact form",
                    "tensor/FloatMath.java",
                    "SQRT_HALF = 0.70710677f",
                    "SQRT_HALF = 0.7071f",
                    "tensor.FloatMathTest#rule3_7_theExactGeluIsWithinAMillionthOfItsMagnitude"),
            mistake(
                    "3.8",
                    "logits of every position",
                    "model/RaggedBatch.java",
                    "if (logits) {",
                    "if (true) {",
                    "model.ForwardRulesTest#rule3_8_logitsOfAPromptAreComputedForItsLastPositionOnly"));

    private MistakesInTheForwardPass() {}
}
