package io.flinkgpt2.sampling;

/**
 * The log-probabilities of tokens in a row: of each token itself, of the best tokens at its position, and of labels. They are
 * natural logarithms of the model's probabilities.
 *
 * <p>Mutable while its sequence runs; memory for all tokens is taken at once.
 */
public final class TokenScores {

    private final int alternatives;
    private final int[] labelIds;
    private final float[] logProbabilities;
    private final int[] ranks;
    private final int[] alternativeIds;
    private final float[] alternativeLogProbabilities;
    private final float[] labelLogProbabilities;
    private int size;

    /**
     * @param capacity maximum number of tokens
     * @param alternatives number of best tokens at each position, 0..{@value ScoreParameters#MAX_ALTERNATIVES}, but no more
     *     than the vocabulary has
     * @param labelIds labels at each position; not to be changed
     */
    public TokenScores(int capacity, int alternatives, int[] labelIds) {
        this.alternatives = alternatives;
        this.labelIds = labelIds;
        this.logProbabilities = new float[capacity];
        this.ranks = new int[capacity];
        this.alternativeIds = new int[capacity * alternatives];
        this.alternativeLogProbabilities = new float[capacity * alternatives];
        this.labelLogProbabilities = new float[capacity * labelIds.length];
    }

    /** Forgets all tokens. */
    public void clear() {
        size = 0;
    }

    /** Returns a copy with the same capacity, for a hypothesis that goes on from another one. */
    public TokenScores copy() {
        TokenScores copy = new TokenScores(logProbabilities.length, alternatives, labelIds);
        copy.copyFrom(this);
        return copy;
    }

    /** Takes a token of other scores, which have as many alternatives and labels, as the next one. */
    public void appendFrom(TokenScores other, int index) {
        logProbabilities[size] = other.logProbabilities[index];
        ranks[size] = other.ranks[index];
        System.arraycopy(other.alternativeIds, index * alternatives, alternativeIds, size * alternatives, alternatives);
        System.arraycopy(
                other.alternativeLogProbabilities,
                index * alternatives,
                alternativeLogProbabilities,
                size * alternatives,
                alternatives);
        int labels = labelIds.length;
        System.arraycopy(other.labelLogProbabilities, index * labels, labelLogProbabilities, size * labels, labels);
        size++;
    }

    /** Returns the number of tokens. */
    public int size() {
        return size;
    }

    /** Returns the log-probability of a token. */
    public float logProbability(int index) {
        return logProbabilities[index];
    }

    /** Returns the rank of a token at its position, 1 for the best. */
    public int rank(int index) {
        return ranks[index];
    }

    /** Returns the number of best tokens at each position. */
    public int alternatives() {
        return alternatives;
    }

    /** Returns the id of the {@code rank}-th best token at a position, from 0. */
    public int alternativeId(int index, int rank) {
        return alternativeIds[index * alternatives + rank];
    }

    /** Returns the log-probability of the {@code rank}-th best token at a position, from 0. */
    public float alternativeLogProbability(int index, int rank) {
        return alternativeLogProbabilities[index * alternatives + rank];
    }

    /** Returns the ids of the labels; not to be changed. */
    public int[] labelIds() {
        return labelIds;
    }

    /** Returns the log-probability of a label at a position. */
    public float labelLogProbability(int index, int label) {
        return labelLogProbabilities[index * labelIds.length + label];
    }

    /** Takes a token; its alternatives and labels are to be set. */
    void append(float logProbability, int rank) {
        logProbabilities[size] = logProbability;
        ranks[size] = rank;
        size++;
    }

    /** Sets the {@code rank}-th best token at the position of the last token. */
    void setAlternative(int rank, int id, float logProbability) {
        int place = (size - 1) * alternatives + rank;
        alternativeIds[place] = id;
        alternativeLogProbabilities[place] = logProbability;
    }

    /** Sets the log-probability of a label at the position of the last token. */
    void setLabel(int label, float logProbability) {
        labelLogProbabilities[(size - 1) * labelIds.length + label] = logProbability;
    }

    /**
     * Becomes a copy of other scores, as a hypothesis does that goes on from another one.
     *
     * @param other with as many alternatives and labels
     * @throws IndexOutOfBoundsException if they are more than its capacity
     */
    public void copyFrom(TokenScores other) {
        size = other.size;
        System.arraycopy(other.logProbabilities, 0, logProbabilities, 0, size);
        System.arraycopy(other.ranks, 0, ranks, 0, size);
        System.arraycopy(other.alternativeIds, 0, alternativeIds, 0, size * alternatives);
        System.arraycopy(other.alternativeLogProbabilities, 0, alternativeLogProbabilities, 0, size * alternatives);
        System.arraycopy(other.labelLogProbabilities, 0, labelLogProbabilities, 0, size * labelIds.length);
    }

    /** Returns the sum of the log-probabilities of the first tokens, added in their order. */
    public double sum(int count) {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += logProbabilities[i];
        }
        return sum;
    }
}
