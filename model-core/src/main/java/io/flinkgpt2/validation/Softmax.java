package io.flinkgpt2.validation;

/** The softmax over a vocabulary in double, apart from the kernels that it judges. */
final class Softmax {

    private Softmax() {}

    /** {@code log(sum over i of exp(logits[i] / temperature))}. */
    static double logSumExp(float[] logits, double temperature) {
        double max = Double.NEGATIVE_INFINITY;
        for (float logit : logits) {
            max = Math.max(max, logit / temperature);
        }
        double sum = 0;
        for (float logit : logits) {
            sum += StrictMath.exp(logit / temperature - max);
        }
        return max + StrictMath.log(sum);
    }

    static double[] probabilities(float[] logits) {
        double logSum = logSumExp(logits, 1);
        double[] probabilities = new double[logits.length];
        for (int i = 0; i < logits.length; i++) {
            probabilities[i] = StrictMath.exp(logits[i] - logSum);
        }
        return probabilities;
    }

    /** Index of the largest, the lowest of equal ones; -1 if there is a NaN among them. */
    static int argMax(float[] logits) {
        int best = 0;
        for (int i = 0; i < logits.length; i++) {
            if (Float.isNaN(logits[i])) {
                return -1;
            }
            if (logits[i] > logits[best]) {
                best = i;
            }
        }
        return best;
    }
}
