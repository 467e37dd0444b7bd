package io.flinkgpt2.sampling;

import io.flinkgpt2.tensor.Kernels;
import java.util.Objects;

/**
 * Computes log-probabilities of tokens from the model's logits. Owns scratch for one thread; allocates nothing afterwards.
 *
 * <p>The same logits give the same bits, whatever the kernels: {@code logit - max - log(sum)} in double, rounded to float at
 * last, where {@code sum} adds up the kernels' float32 exponentials in double by ascending id.
 */
public final class TokenScorer {
    private final int vocabularySize;
    private final LogSoftmax softmax;
    private final BestTokens best = new BestTokens(ScoreParameters.MAX_ALTERNATIVES);

    private float[] logits;
    private int offset;
    /** The largest of the logits; NaN if there is a NaN among them, and before there are any. */
    private float max = Float.NaN;
    /** Number of best tokens that were selected from the logits. */
    private int selected;

    /** @param vocabularySize number of logits of a row, 1 or more */
    public TokenScorer(Kernels kernels, int vocabularySize) {
        this.vocabularySize = vocabularySize;
        this.softmax = new LogSoftmax(kernels, vocabularySize);
    }

    /**
     * Returns the natural logarithm of a token's probability; NaN if a logit is NaN or the largest is infinite.
     *
     * @param row {@code vocab_size} floats from {@code rowOffset}
     */
    public double logProbability(float[] row, int rowOffset, int tokenId) {
        Objects.checkIndex(tokenId, vocabularySize);
        take(row, rowOffset);
        return softmax.of(logits[offset + tokenId]);
    }

    /**
     * Scores a token: {@link #take}, then {@link #score(int, TokenScores)}.
     *
     * @return the token's log-probability
     */
    public float score(float[] row, int rowOffset, int tokenId, TokenScores scores) {
        take(row, rowOffset);
        return score(tokenId, scores);
    }

    /**
     * Takes the logits of a position, whose tokens are then scored. What they share is computed once.
     *
     * @param row {@code vocab_size} floats from {@code rowOffset}, as the model computed them; not to be changed until the last
     *     of them is scored
     */
    public void take(float[] row, int rowOffset) {
        logits = row;
        offset = rowOffset;
        selected = 0;
        max = softmax.take(row, rowOffset);
    }

    /**
     * Scores a token at the position whose logits were taken: its log-probability, its rank, the best tokens, and the labels.
     *
     * @param scores takes the scores as its next ones
     * @return the token's log-probability
     * @throws ArithmeticException if there is a NaN among the logits, or the largest is infinite
     * @throws IllegalArgumentException if the scores have more alternatives than the vocabulary has tokens
     * @throws IndexOutOfBoundsException if the token or a label is outside of the vocabulary, or the scores are full
     */
    public float score(int tokenId, TokenScores scores) {
        Objects.checkIndex(tokenId, vocabularySize);
        if (scores.alternatives() > vocabularySize) {
            throw new IllegalArgumentException("logprobs: found " + scores.alternatives() + ", expected at most "
                    + vocabularySize + ", the tokens of the model's vocabulary");
        }
        if (Float.isNaN(max) || Float.isInfinite(max)) {
            throw new ArithmeticException("token " + tokenId + " cannot be scored: the largest of the logits is "
                    + (Float.isNaN(max) ? "not a number" : max)
                    + ", expected a finite number; the weights are damaged, or too large for float32");
        }
        float logProbability = (float) softmax.of(logits[offset + tokenId]);
        if (scores.alternatives() > selected) {
            best.select(logits, offset, vocabularySize, scores.alternatives());
            selected = scores.alternatives();
        }
        scores.append(logProbability, rank(tokenId));
        for (int rank = 0; rank < scores.alternatives(); rank++) {
            scores.setAlternative(rank, best.id(rank), (float) softmax.of(best.logit(rank)));
        }
        int[] labelIds = scores.labelIds();
        for (int label = 0; label < labelIds.length; label++) {
            int id = Objects.checkIndex(labelIds[label], vocabularySize);
            scores.setLabel(label, (float) softmax.of(logits[offset + id]));
        }
        return logProbability;
    }

    /** Returns 1 plus the number of better tokens. */
    private int rank(int tokenId) {
        for (int place = 0; place < selected; place++) {
            if (best.id(place) == tokenId) {
                return place + 1;
            }
        }
        float logit = logits[offset + tokenId];
        int better = 0;
        for (int id = 0; id < tokenId; id++) {
            better += logits[offset + id] >= logit ? 1 : 0;
        }
        for (int id = tokenId + 1; id < vocabularySize; id++) {
            better += logits[offset + id] > logit ? 1 : 0;
        }
        return better + 1;
    }
}
