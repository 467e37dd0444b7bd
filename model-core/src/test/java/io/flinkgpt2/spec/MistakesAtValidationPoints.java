package io.flinkgpt2.spec;

import static io.flinkgpt2.spec.PlantedMistake.mistake;

import java.util.List;

/** Mistakes that show at one of the twelve validation points. */
final class MistakesAtValidationPoints {

    static final List<PlantedMistake> ALL = List.of(
            mistake(
                    "point 1",
                    "the first layer norm is the second",
                    "model/Gpt2.java",
                    "normalise(s.normed, s.x, s.stride, rows, block.layerNorm1());",
                    "normalise(s.normed, s.x, s.stride, rows, block.layerNorm2());",
                    "model.GoldenTest#rule3_2_point1_theLayerNormOfTheFirstBlockIsTheReferences"),
            mistake(
                    "point 2",
                    "a projection without its bias",
                    "model/Gpt2.java",
                    "return s.linear.of(out, outStride, x, xStride, rows, linear);",
                    "return s.linear.of(out, outStride, x, xStride, rows, linear.weight(), null);",
                    "model.GoldenTest#rule3_3_point2_queriesKeysAndValuesOfTheFirstBlockAreTheReferences"),
            mistake(
                    "point 3",
                    "the queries are kept as keys",
                    "model/KvLayout.java",
                    "block.floats[to++] = qkv[keys + head * headSize + d];",
                    "block.floats[to++] = qkv[offset + head * headSize + d];",
                    "model.ForwardRulesTest#point3_theCacheIsBitEqualToTheKeysAndValuesOfTheProjection"),
            mistake(
                    "point 4",
                    "scores that are not scaled",
                    "tensor/ScalarKernels.java",
                    "= sum * scale;",
                    "= sum;",
                    "model.GoldenTest#rule3_3_point4_scaledScoresOfTheFirstBlockAreTheReferences"),
            mistake(
                    "point 5",
                    "the projection is of what went into the attention",
                    "model/Gpt2.java",
                    "s.attended, s.stride, rows, block.attentionProjection()",
                    "s.normed, s.stride, rows, block.attentionProjection()",
                    "model.GoldenTest#point5_theAttentionOutputOfTheFirstBlockIsTheReferences"),
            mistake(
                    "point 6",
                    "no activation function",
                    "model/Gpt2.java",
                    ".activated(config.activation())",
                    "",
                    "model.GoldenTest#rule3_6_point6_theFeedForwardOutputOfTheFirstBlockIsTheReferences"),
            mistake(
                    "point 7",
                    "the attention is not added to the residual stream",
                    "model/Gpt2.java",
                    "block.attentionProjection())\n                .addedTo(s.x, s.stride));",
                    "block.attentionProjection()));",
                    "model.GoldenTest#rule3_1_point7_theOutputOfTheFirstBlockIsTheReferences"),
            mistake(
                    "point 8",
                    "all positions have the logits of the first",
                    "model/Gpt2.java",
                    "batch.logitRow(i) * s.stride",
                    "batch.logitRow(0) * s.stride",
                    "model.GoldenTest#point8_point9_point11_logProbabilityOfThePromptAndSoftmaxAtTemperature"),
            mistake(
                    "point 9",
                    "the head is always the token embedding",
                    "model/Gpt2.java",
                    "count, weights.lmHead(),",
                    "count, weights.tokenEmbedding(),",
                    "model.GoldenTest#rule1_1_point9_point10_lastLogitsAndArgMax"),
            mistake(
                    "point 10",
                    "arg max takes the smallest",
                    "tensor/ScalarKernels.java",
                    "x[offset + i] > x[offset + best]",
                    "x[offset + i] < x[offset + best]",
                    "model.GoldenTest#rule1_1_point9_point10_lastLogitsAndArgMax"),
            mistake(
                    "point 11",
                    "another epsilon",
                    "model/Gpt2.java",
                    "config.layerNormEpsilon());",
                    "100 * config.layerNormEpsilon());",
                    "model.GoldenTest#point8_point9_point11_logProbabilityOfThePromptAndSoftmaxAtTemperature"),
            mistake(
                    "point 12",
                    "tokens lose their leading spaces",
                    "tokenizer/Tokenizer.java",
                    "text.append(decoder.accept(tokenId));",
                    "text.append(decoder.accept(tokenId).strip());",
                    "generation.FairytalesTest#point12_theGreedyContinuationsComeOutExactly"));

    private MistakesAtValidationPoints() {}
}
