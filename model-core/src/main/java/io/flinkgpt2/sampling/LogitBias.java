package io.flinkgpt2.sampling;

/** Adds a bias to the logits of given tokens. */
final class LogitBias implements LogitsProcessor {
    private final int[] ids;
    private final float[] biases;

    /**
     * @param ids without duplicates; not to be changed
     * @param biases one for each id; not to be changed
     */
    LogitBias(int[] ids, float[] biases) {
        this.ids = ids;
        this.biases = biases;
    }

    @Override
    public void apply(float[] logits, int offset, int vocabularySize) {
        for (int i = 0; i < ids.length; i++) {
            logits[offset + ids[i]] += biases[i];
        }
    }

    @Override
    public void accept(int tokenId) {
        // no state
    }

    @Override
    public LogitsProcessor fork() {
        return this;
    }
}
