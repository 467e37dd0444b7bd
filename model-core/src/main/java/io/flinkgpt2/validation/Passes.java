package io.flinkgpt2.validation;

import io.flinkgpt2.model.ForwardObserver;
import io.flinkgpt2.model.ForwardState;
import io.flinkgpt2.model.Gpt2;
import io.flinkgpt2.model.KvCache;
import io.flinkgpt2.model.RaggedBatch;
import java.util.Arrays;

/** Forward passes with the caches and the scratch that they need. */
final class Passes {

    private Passes() {}

    /**
     * Logits of every position of a prompt, in one pass.
     *
     * @param cache an empty one
     * @param observer or null
     * @return {@code [position][vocab_size]}
     */
    static float[][] allLogits(Gpt2 model, KvCache cache, int[] tokenIds, ForwardObserver observer) {
        int n = tokenIds.length;
        ForwardState state = new ForwardState(model, n, n, n);
        RaggedBatch batch = new RaggedBatch(n);
        for (int p = 0; p < n; p++) {
            batch.add(cache, p, tokenIds[p], true);
        }
        model.forward(batch, state, observer);
        float[][] logits = new float[n][];
        for (int p = 0; p < n; p++) {
            logits[p] = logits(model, state, p);
        }
        return logits;
    }

    /** Logits after the last token alone, in passes of at most {@code chunk} rows that go on where the cache ends. */
    static float[] lastLogits(Gpt2 model, KvCache cache, int[] tokenIds, int chunk) {
        ForwardState state = new ForwardState(model, chunk, 1, tokenIds.length);
        RaggedBatch batch = new RaggedBatch(chunk);
        while (cache.length() < tokenIds.length) {
            batch.clear();
            int end = Math.min(tokenIds.length, cache.length() + chunk);
            for (int p = cache.length(); p < end; p++) {
                batch.add(cache, p, tokenIds[p], p == tokenIds.length - 1);
            }
            model.forward(batch, state);
        }
        return logits(model, state, 0);
    }

    /** As the other, with a cache of its own and in one pass. */
    static float[] lastLogits(Gpt2 model, int[] tokenIds) {
        return lastLogits(model, new KvCache(model.config(), tokenIds.length), tokenIds, tokenIds.length);
    }

    /** Returns a copy of the {@code i}-th set of logits. */
    static float[] logits(Gpt2 model, ForwardState state, int i) {
        int from = state.logitsOffset(i);
        return Arrays.copyOfRange(state.logits(), from, from + model.config().vocabularySize());
    }

    static float[] concatenated(float[][] rows) {
        float[] all = new float[Math.multiplyExact(rows.length, rows[0].length)];
        for (int r = 0; r < rows.length; r++) {
            System.arraycopy(rows[r], 0, all, r * rows[0].length, rows[0].length);
        }
        return all;
    }

    static int[] append(int[] tokenIds, int tokenId) {
        int[] longer = Arrays.copyOf(tokenIds, tokenIds.length + 1);
        longer[tokenIds.length] = tokenId;
        return longer;
    }
}
