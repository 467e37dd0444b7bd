package io.flinkgpt2.sampling;

/**
 * Makes the tokens of prompt and completion less probable, or more: divides their logits by a penalty if positive, else
 * multiplies them by it (Keskar et al., CTRL, 2019).
 */
final class RepetitionPenalty implements LogitsProcessor {
    private final double penalty;
    private final TokenCounts seen;

    private RepetitionPenalty(double penalty, TokenCounts seen) {
        this.penalty = penalty;
        this.seen = seen;
    }

    /** @param capacity maximum number of tokens, prompt included */
    static RepetitionPenalty of(double penalty, int[] promptTokenIds, int capacity) {
        TokenCounts seen = new TokenCounts(capacity);
        for (int tokenId : promptTokenIds) {
            seen.add(tokenId);
        }
        return new RepetitionPenalty(penalty, seen);
    }

    @Override
    public void apply(float[] logits, int offset, int vocabularySize) {
        for (int i = 0; i < seen.size(); i++) {
            int place = offset + seen.id(i);
            double logit = logits[place];
            logits[place] = (float) (logit > 0 ? logit / penalty : logit * penalty);
        }
    }

    @Override
    public void accept(int tokenId) {
        seen.add(tokenId);
    }

    @Override
    public LogitsProcessor fork() {
        return new RepetitionPenalty(penalty, seen.fork());
    }
}
