package io.flinkgpt2.validation;

import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.model.Gpt2Weights;
import io.flinkgpt2.model.Gpt2Weights.Block;
import io.flinkgpt2.model.Gpt2Weights.LayerNorm;
import io.flinkgpt2.model.Gpt2Weights.Linear;
import io.flinkgpt2.tensor.PackedMatrix;
import io.flinkgpt2.validation.ExpectedCase.ExpectedTensor;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The forward pass of GPT-2 once more: in float64, without cache, kernels or batches, as plain as the formulas. Slow, and
 * there to be compared with. It reads the weights as they are in memory, so a reduced precision is no difference.
 *
 * <p>Rows are positions: {@code [position][channel]}.
 */
final class ReferencePass {

    private final Gpt2Config config;
    private final Gpt2Weights weights;
    private final Map<TracedTensor, ExpectedTensor> tensors = new EnumMap<>(TracedTensor.class);

    private ReferencePass(Gpt2Config config, Gpt2Weights weights) {
        this.config = config;
        this.weights = weights;
    }

    /**
     * @param tensors those of block 0 and the final layer norm
     * @param logits {@code [position][vocab_size]}
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared or hashed
    record Result(Map<TracedTensor, ExpectedTensor> tensors, double[][] logits) {}

    static Result run(Gpt2Config config, Gpt2Weights weights, int[] tokenIds) {
        ReferencePass pass = new ReferencePass(config, weights);
        double[][] logits = pass.logits(tokenIds);
        return new Result(pass.tensors, logits);
    }

    private double[][] logits(int[] tokenIds) {
        double[][] x = embed(tokenIds);
        show(TracedTensor.EMBEDDING, x);
        for (int layer = 0; layer < config.layerCount(); layer++) {
            Block block = weights.blocks().get(layer);
            double[][] normed = layerNorm(x, block.layerNorm1());
            double[][] qkv = linear(normed, block.attention());
            double[][] attention = linear(attend(qkv, layer), block.attentionProjection());
            add(x, attention);
            double[][] inner = linear(layerNorm(x, block.layerNorm2()), block.feedForward());
            for (double[] row : inner) {
                for (int i = 0; i < row.length; i++) {
                    row[i] = activation(row[i]);
                }
            }
            double[][] feedForward = linear(inner, block.feedForwardProjection());
            add(x, feedForward);
            if (layer == 0) {
                show(TracedTensor.LAYER_NORM, normed);
                show(TracedTensor.QKV, qkv);
                show(TracedTensor.ATTENTION_OUTPUT, attention);
                show(TracedTensor.FEED_FORWARD_OUTPUT, feedForward);
                show(TracedTensor.BLOCK_OUTPUT, x);
            }
        }
        double[][] normed = layerNorm(x, weights.finalLayerNorm());
        show(TracedTensor.FINAL_LAYER_NORM, normed);
        return multiply(normed, weights.lmHead());
    }

    private double[][] embed(int[] tokenIds) {
        int n = config.embeddingSize();
        double[][] x = new double[tokenIds.length][n];
        for (int p = 0; p < tokenIds.length; p++) {
            for (int i = 0; i < n; i++) {
                // The model's embedding is the float32 sum.
                x[p][i] = weights.tokenEmbedding().get(i, tokenIds[p]) + weights.positionEmbedding()[p * n + i];
            }
        }
        return x;
    }

    /** {@code (x - mean) / sqrt(variance + epsilon) * weight + bias}, the variance divided by the number of channels. */
    private double[][] layerNorm(double[][] x, LayerNorm norm) {
        int n = config.embeddingSize();
        double[][] out = new double[x.length][n];
        for (int p = 0; p < x.length; p++) {
            double mean = 0;
            for (double value : x[p]) {
                mean += value / n;
            }
            double variance = 0;
            for (double value : x[p]) {
                variance += (value - mean) * (value - mean) / n;
            }
            double deviation = Math.sqrt(variance + config.layerNormEpsilon());
            for (int i = 0; i < n; i++) {
                out[p][i] = (x[p][i] - mean) / deviation * norm.weight()[i] + norm.bias()[i];
            }
        }
        return out;
    }

    private static double[][] linear(double[][] x, Linear linear) {
        double[][] out = multiply(x, linear.weight());
        for (double[] row : out) {
            for (int o = 0; o < row.length; o++) {
                row[o] += linear.bias()[o];
            }
        }
        return out;
    }

    private static double[][] multiply(double[][] x, PackedMatrix w) {
        double[][] out = new double[x.length][w.outputs()];
        for (int o = 0; o < w.outputs(); o++) {
            for (int i = 0; i < w.inputs(); i++) {
                double weight = w.get(i, o);
                for (int p = 0; p < x.length; p++) {
                    out[p][o] += x[p][i] * weight;
                }
            }
        }
        return out;
    }

    /** Heads side by side: {@code softmax(q k scale) v} over the positions up to the query's. */
    private double[][] attend(double[][] qkv, int layer) {
        int positions = qkv.length;
        int n = config.embeddingSize();
        int headSize = config.headSize();
        double scale = config.scaleAttentionWeights() ? 1 / Math.sqrt(headSize) : 1;
        scale /= config.scaleAttentionByInverseLayer() ? layer + 1 : 1;
        double[][] out = new double[positions][n];
        double[] allScores = new double[config.headCount() * positions * positions];
        for (int head = 0; head < config.headCount(); head++) {
            int channel = head * headSize;
            for (int p = 0; p < positions; p++) {
                double[] scores = new double[p + 1];
                double sum = 0;
                for (int q = 0; q <= p; q++) {
                    for (int d = channel; d < channel + headSize; d++) {
                        scores[q] += qkv[p][d] * qkv[q][n + d] * scale;
                    }
                    allScores[(head * positions + p) * positions + q] = scores[q];
                }
                double max = Double.NEGATIVE_INFINITY;
                for (double score : scores) {
                    max = Math.max(max, score);
                }
                for (int q = 0; q <= p; q++) {
                    scores[q] = StrictMath.exp(scores[q] - max);
                    sum += scores[q];
                }
                for (int q = 0; q <= p; q++) {
                    for (int d = channel; d < channel + headSize; d++) {
                        out[p][d] += scores[q] / sum * qkv[q][2 * n + d];
                    }
                }
            }
        }
        if (layer == 0) {
            tensors.put(
                    TracedTensor.SCORES,
                    new ExpectedTensor(List.of(config.headCount(), positions, positions), allScores));
            showHeads(TracedTensor.CACHE_KEYS, qkv, n);
            showHeads(TracedTensor.CACHE_VALUES, qkv, 2 * n);
        }
        return out;
    }

    private static void add(double[][] x, double[][] y) {
        for (int p = 0; p < x.length; p++) {
            for (int i = 0; i < x[p].length; i++) {
                x[p][i] += y[p][i];
            }
        }
    }

    private double activation(double x) {
        return switch (config.activation()) {
            case GELU -> 0.5 * x * (1 + erf(x / Math.sqrt(2)));
            case GELU_TANH -> 0.5 * x * (1 + StrictMath.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
            case RELU -> Math.max(x, 0);
        };
    }

    /**
     * Returns the error function: {@code 2 / sqrt(pi) exp(-x^2) sum of 2^k x^(2k+1) / (1 * 3 * ... * (2k+1))} (Abramowitz and
     * Stegun 7.1.6), all of whose terms have one sign; beyond 6 it is 1 in double.
     */
    static double erf(double x) {
        if (Math.abs(x) > 6) {
            return Math.signum(x);
        }
        double term = x;
        double sum = x;
        for (int k = 1; Math.abs(term) > 1e-17 * Math.abs(sum); k++) {
            term *= 2 * x * x / (2 * k + 1);
            sum += term;
        }
        return 2 / Math.sqrt(Math.PI) * StrictMath.exp(-x * x) * sum;
    }

    private void show(TracedTensor name, double[][] rows) {
        int columns = rows[0].length;
        double[] values = new double[rows.length * columns];
        for (int p = 0; p < rows.length; p++) {
            System.arraycopy(rows[p], 0, values, p * columns, columns);
        }
        tensors.put(name, new ExpectedTensor(List.of(rows.length, columns), values));
    }

    /** The channels from {@code from} on, {@code [head, position, headSize]}. */
    private void showHeads(TracedTensor name, double[][] rows, int from) {
        int headSize = config.headSize();
        double[] values = new double[rows.length * config.embeddingSize()];
        for (int head = 0; head < config.headCount(); head++) {
            for (int p = 0; p < rows.length; p++) {
                System.arraycopy(
                        rows[p], from + head * headSize, values, (head * rows.length + p) * headSize, headSize);
            }
        }
        tensors.put(name, new ExpectedTensor(List.of(config.headCount(), rows.length, headSize), values));
    }
}
