package io.flinkgpt2.sampling;

import java.util.Arrays;

/** Rules out every token but those allowed. */
final class AllowedIds implements LogitsProcessor {
    private final int[] ids;
    private final float[] kept;

    /** @param ids not to be changed */
    AllowedIds(int[] ids) {
        this.ids = ids;
        this.kept = new float[ids.length];
    }

    @Override
    public void apply(float[] logits, int offset, int vocabularySize) {
        for (int i = 0; i < ids.length; i++) {
            kept[i] = logits[offset + ids[i]];
        }
        Arrays.fill(logits, offset, offset + vocabularySize, Float.NEGATIVE_INFINITY);
        for (int i = 0; i < ids.length; i++) {
            logits[offset + ids[i]] = kept[i];
        }
    }

    @Override
    public void accept(int tokenId) {
        // no state
    }

    @Override
    public LogitsProcessor fork() {
        return new AllowedIds(ids);
    }
}
