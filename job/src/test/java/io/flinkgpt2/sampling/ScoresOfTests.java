package io.flinkgpt2.sampling;

import java.util.List;

/** Log-probabilities that tests choose. */
public final class ScoresOfTests {

    private ScoresOfTests() {}

    /**
     * One position.
     *
     * @param alternativeIds the best tokens
     * @param alternatives their log-probabilities
     * @param labels log-probabilities of the labels
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Position(float chosen, int rank, int[] alternativeIds, float[] alternatives, float... labels) {}

    public static TokenScores scores(int alternatives, int[] labelIds, List<Position> positions) {
        TokenScores scores = new TokenScores(positions.size(), alternatives, labelIds);
        for (Position position : positions) {
            scores.append(position.chosen(), position.rank());
            for (int i = 0; i < alternatives; i++) {
                scores.setAlternative(i, position.alternativeIds()[i], position.alternatives()[i]);
            }
            for (int i = 0; i < labelIds.length; i++) {
                scores.setLabel(i, position.labels()[i]);
            }
        }
        return scores;
    }
}
