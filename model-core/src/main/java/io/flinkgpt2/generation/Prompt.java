package io.flinkgpt2.generation;

import io.flinkgpt2.sampling.ScoreParameters;
import io.flinkgpt2.sampling.TokenScores;

/** One of the prompts of a request, as the model sees it. */
final class Prompt {

    private final int index;
    private final int[] tokenIds;
    private final TokenScores scores;

    /**
     * @param index among the prompts of the request
     * @param tokenIds 1 token or more, unless nothing is to be generated
     */
    Prompt(int index, int[] tokenIds, ScoreParameters parameters, int vocabularySize) {
        this.index = index;
        this.tokenIds = tokenIds;
        this.scores = parameters.wantsPrompt()
                ? new TokenScores(
                        Math.max(0, tokenIds.length - 1),
                        Math.min(vocabularySize, parameters.promptAlternatives()),
                        parameters.promptLabelIds())
                : null;
    }

    /** Returns the index among the prompts of the request. */
    int index() {
        return index;
    }

    int[] tokenIds() {
        return tokenIds;
    }

    int length() {
        return tokenIds.length;
    }

    /** Returns the log-probabilities of its tokens from the second one on, as far as they are known; null: not wanted. */
    TokenScores scores() {
        return scores;
    }

    /** Returns whether there is nothing left to score. */
    boolean isScored() {
        return scores == null || scores.size() >= tokenIds.length - 1;
    }
}
