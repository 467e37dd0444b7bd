package io.flinkgpt2.generation;

import io.flinkgpt2.sampling.StopParameters.RepetitionDetection;

/** Ends a sequence whose last tokens are one pattern several times in a row. */
final class RepetitionCriterion implements StopCriteria {

    private final RepetitionDetection detection;
    private final int minTokens;

    /** @param minTokens number of generated tokens before which nothing is detected */
    RepetitionCriterion(RepetitionDetection detection, int minTokens) {
        this.detection = detection;
        this.minTokens = minTokens;
    }

    @Override
    public Stop after(Sequence sequence) {
        int generated = sequence.generatedCount();
        if (generated < minTokens) {
            return null;
        }
        int largest = (int) Math.min(detection.maxPatternSize(), generated / (long) detection.minCount());
        for (int size = detection.minPatternSize(); size <= largest; size++) {
            if (repeats(sequence.tokenIds(), sequence.length(), size)) {
                return Stop.of(StopReason.REPETITION);
            }
        }
        return null;
    }

    /** Returns whether the tokens before {@code end} are a pattern of this size, as often as it takes. */
    private boolean repeats(int[] tokenIds, int end, int size) {
        int first = end - size * detection.minCount();
        for (int i = end - 1; i >= first + size; i--) {
            if (tokenIds[i] != tokenIds[i - size]) {
                return false;
            }
        }
        return true;
    }

    /** Returns this criterion, which has no state. */
    @Override
    public StopCriteria fork() {
        return this;
    }
}
