package io.flinkgpt2.model;

import io.flinkgpt2.tensor.Kernels;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Forward passes for tests, each with the caches and scratch it needs. */
final class Passes {

    private Passes() {}

    /** Logits of every position of a prompt in one pass, {@code [position][vocab_size]}. */
    static float[][] allLogits(Gpt2 model, int[] tokenIds, ForwardObserver observer) {
        int n = tokenIds.length;
        KvCache cache = new KvCache(model.config(), model.config().contextLength());
        ForwardState a = new ForwardState(model, n, n, n);
        RaggedBatch batch = new RaggedBatch(n);
        for (int p = 0; p < n; p++) {
            batch.add(cache, p, tokenIds[p], true);
        }
        model.forward(batch, a, observer);
        float[][] logits = new float[n][];
        for (int p = 0; p < n; p++) {
            logits[p] = logits(model, a, p);
        }
        return logits;
    }

    /** Logits after the last token, the prompt passed in chunks of the given size. */
    static float[] lastLogits(Gpt2 model, KvCache cache, int[] tokenIds, int chunk) {
        ForwardState a = new ForwardState(model, chunk, 1, tokenIds.length);
        RaggedBatch batch = new RaggedBatch(chunk);
        while (cache.length() < tokenIds.length) {
            batch.clear();
            int end = Math.min(tokenIds.length, cache.length() + chunk);
            for (int p = cache.length(); p < end; p++) {
                batch.add(cache, p, tokenIds[p], p == tokenIds.length - 1);
            }
            model.forward(batch, a);
        }
        return logits(model, a, 0);
    }

    static float[] lastLogits(Gpt2 model, int[] tokenIds) {
        KvCache cache = new KvCache(model.config(), model.config().contextLength());
        return lastLogits(model, cache, tokenIds, tokenIds.length);
    }

    static float[] logits(Gpt2 model, ForwardState a, int i) {
        int from = a.logitsOffset(i);
        return Arrays.copyOfRange(a.logits(), from, from + model.config().vocabularySize());
    }

    static int[] randomIds(Gpt2Config config, int n, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return random.ints(n, 0, config.vocabularySize()).toArray();
    }

    static int argMax(Kernels kernels, float[] logits) {
        return kernels.argMax(logits, 0, logits.length);
    }
}
