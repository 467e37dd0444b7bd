package io.flinkgpt2.sampling;

import io.flinkgpt2.tensor.Kernels;

/**
 * The tokens that take part in one draw, and their weights: {@link #start}, then {@link #keepTopK}, {@link #weigh}, the other
 * {@code keep} methods in any order, and {@link #draw}.
 *
 * <p>A candidate is better if its logit is higher, of equal ones if its id is lower. All sums are in double and in a fixed
 * order: ascending id for the draw, for the entropy, and for the total over the whole vocabulary; best first for the total of
 * what top-k left; and in the order of their selection for the weights that are compared with a share.
 */
final class Candidates {

    /** Below it the kernels' exponential does not fall any more. */
    private static final float LEAST_EXPONENT = -87;

    /** Up to this many tokens, top-k selects in one pass over the vocabulary. */
    private static final int FEW = 64;

    /** A share of the probability far above the rounding errors of a sum in double. */
    private static final double SURE = 1e-6;

    private final Kernels kernels;
    private final int vocabularySize;
    private final float[] weights;
    private final int[] keptIds;
    private final float[] keptLogits;
    private final BestTokens few = new BestTokens(FEW);
    private final Ranking ranking;

    /** Candidate {@code i < size}, ascending by id, has the logit {@code logits[offset + i]}. */
    private float[] logits;

    private int offset;
    private int size;
    private float max;
    private float inverseTemperature;

    /*
     * The candidates that top-k leaves are copied together, so that all that follows costs as much as there are candidates.
     * Those that the other limits drop get the weight 0, which changes no sum.
     */

    Candidates(Kernels kernels, int vocabularySize) {
        this.kernels = kernels;
        this.vocabularySize = vocabularySize;
        this.weights = new float[vocabularySize];
        this.keptIds = new int[vocabularySize];
        this.keptLogits = new float[vocabularySize];
        this.ranking = new Ranking(vocabularySize);
    }

    /** Takes the whole vocabulary; {@code best} is the id of the largest logit. */
    void start(float[] row, int rowOffset, int best) {
        logits = row;
        offset = rowOffset;
        size = vocabularySize;
        max = row[rowOffset + best];
    }

    /** Keeps the best {@code topK}, 1 or more. */
    void keepTopK(int topK) {
        if (topK >= size) {
            return;
        }
        int last;
        if (topK <= FEW) {
            few.select(logits, offset, size, topK);
            last = few.id(topK - 1);
        } else {
            rankByLogit();
            last = ranking.at(0);
            for (int rank = 1; rank < topK; rank++) {
                last = ranking.at(rank);
            }
        }
        int kept = 0;
        for (int id = 0; id < size; id++) {
            if (!Ranking.isBetter(logits, offset, last, id)) {
                keptIds[kept] = id;
                keptLogits[kept++] = logits[offset + id];
            }
        }
        logits = keptLogits;
        offset = 0;
        size = kept;
    }

    /** Computes the unnormalised probabilities; that of the best is 1. */
    void weigh(double temperature) {
        // An inverse of zero would make negative infinity times zero, which is not a number.
        inverseTemperature = Math.max((float) (1 / temperature), Float.MIN_VALUE);
        kernels.exponentials(weights, logits, offset, size, max, inverseTemperature);
        // The kernels' exponential stays above zero, but what is excluded must not be drawn even once in 2^53 times.
        for (int i = 0; i < size; i++) {
            if (logits[offset + i] == Float.NEGATIVE_INFINITY) {
                weights[i] = 0;
            }
        }
    }

    /**
     * Keeps those whose information, {@code -log p}, is closest to the entropy and that together reach a share of the
     * probability (Meister et al., Locally Typical Sampling, 2022); of equally close ones the better are kept.
     */
    void keepTypical(double typicalP) {
        // With p = exp(x) / total, -log p less the entropy is the mean of x, weighted by p, less x.
        double total = 0;
        double weighted = 0;
        for (int i = 0; i < size; i++) {
            total += weights[i];
            weighted += (double) weights[i] * exponent(i);
        }
        double mean = weighted / total;
        ranking.start(logits, offset);
        for (int i = 0; i < size; i++) {
            ranking.setKey(i, -Math.abs(exponent(i) - mean));
            ranking.add(i);
        }
        keepShare(typicalP * total);
    }

    /** Keeps the best that together reach a share of the probability. */
    void keepTopP(double topP) {
        double total = 0;
        if (size == vocabularySize) {
            for (int i = 0; i < size; i++) {
                total += weights[i];
            }
            // The last one that is kept, and those behind it, have more than 1 - topP together, so it has more than
            // this. Only
            // where that is far above all rounding, the ranking can do without the others.
            double left = 1 - topP;
            double least = left > SURE ? left * total / (2.0 * size) : 0;
            ranking.start(logits, offset);
            ranking.addByLogit(size, weights, least);
        } else {
            rankByLogit();
            for (int i = 0; i < size; i++) {
                total += weights[ranking.at(i)];
            }
        }
        keepShare(topP * total);
    }

    private void rankByLogit() {
        ranking.start(logits, offset);
        for (int i = 0; i < size; i++) {
            ranking.setKey(i, logits[offset + i]);
            ranking.add(i);
        }
        ranking.order();
    }

    /** Goes through the ranking until the weights reach {@code share}, and drops all that come later. */
    private void keepShare(double share) {
        ranking.dropAfter(ranking.reach(weights, share), weights, size);
    }

    /** Keeps those that have at least a share of the largest probability. */
    void keepMinP(double minP) {
        float largest = 0;
        for (int i = 0; i < size; i++) {
            largest = Math.max(largest, weights[i]);
        }
        double least = minP * largest;
        for (int i = 0; i < size; i++) {
            if (weights[i] < least) {
                weights[i] = 0;
            }
        }
    }

    /**
     * Inverts the cumulative distribution, by ascending id.
     *
     * @param uniform the random number, 0 or more and below 1
     * @return the id of the token
     */
    int draw(double uniform) {
        double total = 0;
        for (int i = 0; i < size; i++) {
            total += weights[i];
        }
        double target = uniform * total;
        double sum = 0;
        int drawn = -1;
        for (int i = 0; i < size && sum <= target; i++) {
            sum += weights[i];
            drawn = i;
        }
        return size == vocabularySize ? drawn : keptIds[drawn];
    }

    /** Returns what the weight is the exponential of. */
    private float exponent(int i) {
        return Math.max((logits[offset + i] - max) * inverseTemperature, LEAST_EXPONENT);
    }
}
