package io.flinkgpt2.sampling;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The logits processors that a request's parameters ask for. */
public final class LogitsProcessors {

    private LogitsProcessors() {}

    /**
     * Returns new processors for one sequence, in the order in which they apply: bias, allowed ids, bad words, n-grams, the
     * constraint, repetition penalty, frequency and presence penalty, minimum number of tokens. What is not asked for is
     * absent. They take their memory at once and allocate nothing while the sequence runs.
     *
     * @param minTokens number of tokens before which none of {@code endingIds} is generated
     * @param endingIds ids that end the sequence; those outside of the vocabulary are passed over
     * @param promptTokenIds the prompt as the model sees it; not kept
     * @param badWords the sequences of token ids that stand for the bad words, none empty; not to be changed
     * @param constraint null: none
     * @param maxLength maximum number of tokens that the sequence will have, prompt included
     * @throws IllegalArgumentException if an id is outside of the vocabulary, or a bad word has no tokens; names the field as
     *     the records do
     */
    public static List<LogitsProcessor> of(
            LogitsParameters logits,
            int minTokens,
            int[] endingIds,
            int[] promptTokenIds,
            List<int[]> badWords,
            LogitsProcessor constraint,
            int maxLength,
            int vocabularySize) {
        int capacity = Math.max(maxLength, promptTokenIds.length);
        List<LogitsProcessor> processors = new ArrayList<>();
        if (logits.biasIds().length > 0) {
            requireIds("logit_bias", logits.biasIds(), vocabularySize);
            processors.add(new LogitBias(logits.biasIds(), logits.biases()));
        }
        if (logits.allowedTokenIds().length > 0) {
            requireIds("allowed_token_ids", logits.allowedTokenIds(), vocabularySize);
            processors.add(new AllowedIds(logits.allowedTokenIds()));
        }
        if (!badWords.isEmpty()) {
            for (int[] word : badWords) {
                requireIds("bad_words", word, vocabularySize);
            }
            processors.add(BadWords.of(badWords));
        }
        if (logits.noRepeatNgramSize() > 0) {
            processors.add(NoRepeatNgrams.of(logits.noRepeatNgramSize(), promptTokenIds, capacity));
        }
        if (constraint != null) {
            processors.add(constraint);
        }
        if (logits.repetitionPenalty() != 1) {
            processors.add(RepetitionPenalty.of(logits.repetitionPenalty(), promptTokenIds, capacity));
        }
        if (logits.frequencyPenalty() != 0 || logits.presencePenalty() != 0) {
            processors.add(FrequencyPenalty.of(
                    logits.frequencyPenalty(), logits.presencePenalty(), capacity - promptTokenIds.length));
        }
        int[] ending = Arrays.stream(endingIds)
                .filter(id -> id >= 0 && id < vocabularySize)
                .toArray();
        if (minTokens > 0 && ending.length > 0) {
            processors.add(new MinTokens(minTokens, ending));
        }
        return processors;
    }

    private static void requireIds(String name, int[] ids, int vocabularySize) {
        if (ids.length == 0) {
            throw new IllegalArgumentException(name + ": found a sequence without tokens, expected 1 or more");
        }
        for (int id : ids) {
            if (id < 0 || id >= vocabularySize) {
                throw new IllegalArgumentException(name + ": found token id " + id + ", expected 0.."
                        + (vocabularySize - 1) + ", the ids of the model's vocabulary");
            }
        }
    }
}
