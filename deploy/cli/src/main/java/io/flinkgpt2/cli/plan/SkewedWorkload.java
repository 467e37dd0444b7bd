package io.flinkgpt2.cli.plan;

import java.util.SplittableRandom;

/**
 * Prompts of random lengths in partitions of random sizes, from a seed. Sizes and lengths are log-normal: a few are many times
 * the mean, as of texts and of keys.
 */
final class SkewedWorkload {

    private final int meanPromptTokens;
    private final int meanNewTokens;
    private final int maxContext;
    private final double lengthSkew;
    private final SplittableRandom random;

    /**
     * @param maxContext longest prompt with its new tokens, above {@code meanPromptTokens}; longer ones are cut
     * @param lengthSkew standard deviation of the lengths, as a part of their mean; 0: all are alike
     */
    SkewedWorkload(int meanPromptTokens, int meanNewTokens, int maxContext, double lengthSkew, long seed) {
        this.meanPromptTokens = meanPromptTokens;
        this.meanNewTokens = meanNewTokens;
        this.maxContext = maxContext;
        this.lengthSkew = lengthSkew;
        this.random = new SplittableRandom(seed);
    }

    /**
     * Returns the number of prompts in each partition.
     *
     * @param partitionSkew standard deviation of the sizes, as a part of their mean; 0: all are alike
     */
    int[] partitionSizes(int partitions, long prompts, double partitionSkew) {
        double[] weights = new double[partitions];
        double sum = 0;
        for (int i = 0; i < partitions; i++) {
            weights[i] = logNormal(partitionSkew);
            sum += weights[i];
        }
        int[] sizes = new int[partitions];
        double exact = 0;
        long given = 0;
        for (int i = 0; i < partitions; i++) {
            // Rounds the running sum, so that no prompt is lost.
            exact += prompts * weights[i] / sum;
            sizes[i] = (int) (Math.round(exact) - given);
            given += sizes[i];
        }
        return sizes;
    }

    /** Returns prompts of random lengths. */
    Lengths lengths(int prompts) {
        int[] promptTokens = new int[prompts];
        int[] newTokens = new int[prompts];
        for (int i = 0; i < prompts; i++) {
            promptTokens[i] = length(meanPromptTokens, maxContext - 1);
            newTokens[i] = length(meanNewTokens, maxContext - promptTokens[i]);
        }
        return new Lengths(promptTokens, newTokens);
    }

    private int length(int mean, int most) {
        return (int) Math.max(1, Math.min(most, Math.round(mean * logNormal(lengthSkew))));
    }

    /** Returns a log-normal number with a mean of 1. */
    private double logNormal(double deviation) {
        if (deviation == 0) {
            return 1;
        }
        double variance = Math.log1p(deviation * deviation);
        return StrictMath.exp(Math.sqrt(variance) * gaussian() - variance / 2);
    }

    /** Returns a normal number, by the polar method of Marsaglia and Bray (1964). */
    private double gaussian() {
        while (true) {
            double x = 2 * random.nextDouble() - 1;
            double y = 2 * random.nextDouble() - 1;
            double square = x * x + y * y;
            if (square < 1 && square > 0) {
                return x * Math.sqrt(-2 * StrictMath.log(square) / square);
            }
        }
    }
}
