package io.flinkgpt2.generation;

import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.model.KvBlocks;

/**
 * The limits of a {@link ContinuousBatch}. They change speed and memory, never a result, but for {@code maxContext}.
 *
 * @param maxContext the most tokens of prompt and completion together, 1..{@code n_positions}
 * @param batchSize the most sequences that are computed together, 1 or more
 * @param prefillChunk the most prompt tokens of one step, beside one token of each sequence that decodes; 1 or more
 * @param kvCacheBytes the most memory for keys and values, enough for at least one sequence of {@code maxContext}
 * @param prefixCacheBytes how much of that may keep prompts that no sequence needs any more, in case another one begins
 *     alike; it is given up when sequences need the room. Less than a block: only sequences that run at the same time share;
 *     0: none do
 */
public record BatchOptions(int maxContext, int batchSize, int prefillChunk, long kvCacheBytes, long prefixCacheBytes) {

    /** @throws IllegalArgumentException if a number is out of its range; names it as the job's options do */
    public BatchOptions {
        requireAtLeast(1, "max-context", maxContext);
        requireAtLeast(1, "batch.size", batchSize);
        requireAtLeast(1, "prefill.chunk", prefillChunk);
        requireAtLeast(1, "kv-cache.bytes", kvCacheBytes);
        requireAtLeast(0, "prefix-cache.bytes", prefixCacheBytes);
        if ((long) batchSize + prefillChunk > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "batch.size and prefill.chunk: found " + batchSize + " and " + prefillChunk + ", too many rows");
        }
    }

    private static void requireAtLeast(long least, String key, long value) {
        if (value < least) {
            throw new IllegalArgumentException(key + ": found " + value + ", expected " + least + " or more");
        }
    }

    /**
     * Returns options with room for as many sequences of {@code maxContext} as the batch has places, all of it for prefixes
     * while idle.
     *
     * @throws IllegalArgumentException if {@code maxContext} is more than the model's, or a number is out of its range
     */
    public static BatchOptions roomy(Gpt2Config config, int maxContext, int batchSize, int prefillChunk) {
        new PromptLimits(config, maxContext); // refuses a context that the model does not have
        long bytes = Math.max(1, batchSize) * (long) KvBlocks.blocksFor(maxContext) * KvBlocks.blockBytes(config);
        return new BatchOptions(maxContext, batchSize, prefillChunk, bytes, bytes);
    }

    public BatchOptions withKvCacheBytes(long bytes) {
        return new BatchOptions(maxContext, batchSize, prefillChunk, bytes, prefixCacheBytes);
    }

    public BatchOptions withPrefixCacheBytes(long bytes) {
        return new BatchOptions(maxContext, batchSize, prefillChunk, kvCacheBytes, bytes);
    }
}
