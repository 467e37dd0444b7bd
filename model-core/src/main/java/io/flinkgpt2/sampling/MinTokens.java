package io.flinkgpt2.sampling;

/** Rules out the tokens that end a sequence until it has a minimum number of generated tokens. */
final class MinTokens implements LogitsProcessor {
    private final int[] endingIds;
    private int missing;

    /** @param endingIds not to be changed */
    MinTokens(int minTokens, int[] endingIds) {
        this.endingIds = endingIds;
        this.missing = minTokens;
    }

    @Override
    public void apply(float[] logits, int offset, int vocabularySize) {
        if (missing > 0) {
            for (int id : endingIds) {
                logits[offset + id] = Float.NEGATIVE_INFINITY;
            }
        }
    }

    @Override
    public void accept(int tokenId) {
        missing = Math.max(0, missing - 1);
    }

    @Override
    public LogitsProcessor fork() {
        return new MinTokens(missing, endingIds);
    }
}
