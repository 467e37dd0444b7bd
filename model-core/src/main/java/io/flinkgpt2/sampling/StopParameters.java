package io.flinkgpt2.sampling;

import java.util.List;

/**
 * The ends of a completion other than its length.
 *
 * @param strings texts that end it, at most {@value #MAX_STRINGS}, none empty; the first in the text counts, at one place the
 *     longest
 * @param tokenIds ids that end it
 * @param includeInOutput whether what ended it, a string or an id, is part of the completion
 * @param ignoreEndOfText whether end of text is a token like any other
 * @param minTokens number of tokens before which no id is drawn that would end it, and no string counts; 0 or more
 * @param repetition the repetition that ends it
 */
@SuppressWarnings("ArrayRecordComponent") // never compared or hashed
public record StopParameters(
        List<String> strings,
        int[] tokenIds,
        boolean includeInOutput,
        boolean ignoreEndOfText,
        int minTokens,
        RepetitionDetection repetition) {

    /** Maximum number of stop strings. */
    public static final int MAX_STRINGS = 16;

    /** Nothing but end of text. */
    public static final StopParameters NONE =
            new StopParameters(List.of(), new int[0], false, false, 0, RepetitionDetection.OFF);

    /** @throws IllegalArgumentException if a parameter is out of its range; names it as the records do */
    public StopParameters {
        strings = List.copyOf(strings);
        if (strings.size() > MAX_STRINGS) {
            throw new IllegalArgumentException(
                    "stop: found " + strings.size() + " strings, expected at most " + MAX_STRINGS);
        }
        if (strings.contains("")) {
            throw new IllegalArgumentException("stop: found an empty string, expected text");
        }
        if (minTokens < 0) {
            throw new IllegalArgumentException("min_tokens: found " + minTokens + ", expected 0 or more");
        }
    }

    /**
     * A pattern of generated tokens that stands at the end several times in a row.
     *
     * @param maxPatternSize maximum number of tokens of a pattern; 0: nothing is detected
     * @param minPatternSize minimum number of tokens of a pattern, 1 or more
     * @param minCount number of times that it stands there, 2 or more
     */
    public record RepetitionDetection(int maxPatternSize, int minPatternSize, int minCount) {

        /** Detects nothing. */
        public static final RepetitionDetection OFF = new RepetitionDetection(0, 1, 2);

        /** @throws IllegalArgumentException if a number is out of its range; names it as the records do */
        public RepetitionDetection {
            if (maxPatternSize < 0) {
                throw new IllegalArgumentException("repetition_detection.max_pattern_size: found " + maxPatternSize
                        + ", expected 0 (off) or more");
            }
            if (minPatternSize < 1 || (maxPatternSize > 0 && minPatternSize > maxPatternSize)) {
                throw new IllegalArgumentException("repetition_detection.min_pattern_size: found " + minPatternSize
                        + ", expected 1..max_pattern_size");
            }
            if (minCount < 2) {
                throw new IllegalArgumentException(
                        "repetition_detection.min_count: found " + minCount + ", expected 2 or more");
            }
        }

        /** Returns whether anything is detected. */
        public boolean isOn() {
            return maxPatternSize > 0;
        }
    }
}
