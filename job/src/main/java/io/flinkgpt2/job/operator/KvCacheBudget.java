package io.flinkgpt2.job.operator;

import io.flinkgpt2.generation.BatchOptions;
import io.flinkgpt2.generation.Generator;
import io.flinkgpt2.job.function.GenerationSettings;
import io.flinkgpt2.job.function.ModelMemory;
import io.flinkgpt2.pretrained.Pretrained;

/**
 * The size of a slot's KV cache in bytes. By default as many as {@code batch.size} sequences of {@code max-context} or the
 * widest beam search need, whichever is more, but at most this slot's part of half of what the weights leave of the heap; the
 * other half is for records, scratch and Flink. So it is the heap that limits beams, as in mode {@code map}, and not
 * {@code batch.size}.
 */
final class KvCacheBudget {

    /** Part of the heap, one in so many, that stays free beside weights and caches that were chosen by number. */
    private static final int SPARE_PART = 8;

    private KvCacheBudget() {}

    /**
     * Returns the limits of a slot's batch.
     *
     * @param heapBytes the most bytes that the heap may have
     * @param slots number of slots that share it, 1 or more
     * @throws IllegalStateException if the heap has no room for that; says how large it has to be
     * @throws IllegalArgumentException if {@code max-context} is more than the model's
     */
    static BatchOptions batchOptions(
            Pretrained pretrained, GenerationSettings generation, BatchSettings batch, long heapBytes, int slots) {
        int maxContext = generation.maxContext(pretrained.config());
        BatchOptions roomy =
                BatchOptions.roomy(pretrained.config(), maxContext, batch.batchSize(), generation.prefillChunk());
        long weights = ModelMemory.weightBytes(pretrained.config(), pretrained.precision());
        long beams = Generator.mostKvCacheBytes(pretrained.config(), maxContext);
        long enough = Math.max(roomy.kvCacheBytes(), beams);
        boolean byDefault = batch.kvCacheBytes() == null;
        long kvCache = byDefault
                ? Math.min(
                        enough,
                        ModelMemory.requireKvCacheShare(
                                pretrained.config(), pretrained.precision(), maxContext, heapBytes, slots))
                : chosen(batch.kvCacheBytes(), weights, heapBytes, slots);
        // Beams give their room back; prefixes would keep it.
        long mostPrefixes = byDefault ? Math.min(kvCache, roomy.kvCacheBytes()) : kvCache;
        long prefixes = batch.prefixCacheBytes() == null ? mostPrefixes : Math.min(kvCache, batch.prefixCacheBytes());
        return roomy.withKvCacheBytes(kvCache).withPrefixCacheBytes(prefixes);
    }

    private static long chosen(long kvCache, long weights, long heapBytes, int slots) {
        long needed = weights + slots * kvCache;
        if (needed > heapBytes - heapBytes / SPARE_PART) {
            throw tooSmall(
                    heapBytes,
                    needed / (SPARE_PART - 1) * SPARE_PART + SPARE_PART,
                    weights + " for the weights, a kv-cache.bytes of " + kvCache + " for each of " + slots
                            + " slots, and an eighth to spare");
        }
        return kvCache;
    }

    private static IllegalStateException tooSmall(long heapBytes, long needed, String what) {
        return new IllegalStateException(ModelMemory.tooSmall(heapBytes, needed, what));
    }
}
