package io.flinkgpt2.sampling;

import io.flinkgpt2.tensor.Kernels;

/**
 * The log-softmax of a row of logits. The exponentials are the kernels', in float32; their sum is in double, by ascending id.
 * So its bits are those of every machine.
 */
final class LogSoftmax {
    private final Kernels kernels;
    private final float[] weights;

    private float max;
    private double logSum;

    LogSoftmax(Kernels kernels, int vocabularySize) {
        this.kernels = kernels;
        this.weights = new float[vocabularySize];
    }

    /**
     * Takes a row.
     *
     * @return its largest logit; without a finite one there is no log-softmax. NaN if there is a NaN among them
     */
    float take(float[] logits, int offset) {
        int best = kernels.argMax(logits, offset, weights.length);
        max = best < 0 ? Float.NaN : logits[offset + best];
        if (Float.isNaN(max) || Float.isInfinite(max)) {
            logSum = Double.NaN;
            return max;
        }
        kernels.exponentials(weights, logits, offset, weights.length, max, 1);
        double total = 0;
        for (float weight : weights) {
            total += weight;
        }
        logSum = StrictMath.log(total);
        return max;
    }

    /** Returns the log-probability of a token of the row that has this logit. */
    double of(float logit) {
        return (double) logit - max - logSum;
    }
}
