package io.flinkgpt2.generation;

import io.flinkgpt2.model.Gpt2Config;

/** The model's end-of-text ids, which are not part of the completion. */
final class EndOfTextCriterion implements StopCriteria {
    private final Gpt2Config config;

    EndOfTextCriterion(Gpt2Config config) {
        this.config = config;
    }

    @Override
    public StopReason before(int tokenId) {
        return config.isEndOfText(tokenId) ? StopReason.END_OF_TEXT : null;
    }

    /** Returns this criterion, which has no state. */
    @Override
    public StopCriteria fork() {
        return this;
    }
}
