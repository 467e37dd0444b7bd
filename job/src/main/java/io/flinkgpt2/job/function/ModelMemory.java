package io.flinkgpt2.job.function;

import io.flinkgpt2.generation.BatchOptions;
import io.flinkgpt2.generation.Generator;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.model.Gpt2Weights;
import io.flinkgpt2.model.KvBlocks;
import io.flinkgpt2.model.KvCache;
import io.flinkgpt2.tensor.Precision;

/** The heap of a TaskManager that a model needs. */
public final class ModelMemory {

    private ModelMemory() {}

    /** Returns the number of bytes of the weights, near enough: the few vectors among them are float32 in every precision. */
    public static long weightBytes(Gpt2Config config, Precision precision) {
        return Gpt2Weights.byteCount(config, precision);
    }

    /**
     * Returns the maximum number of bytes of keys and values of a slot that completes one request at a time: what the widest
     * beam search takes, but at most {@link #requireKvCacheShare}.
     *
     * @throws IllegalStateException as that
     */
    static long kvCacheBytes(Gpt2Config config, Precision precision, int maxContext, long heapBytes, int slots) {
        return Math.min(
                requireKvCacheShare(config, precision, maxContext, heapBytes, slots),
                Generator.mostKvCacheBytes(config, maxContext));
    }

    /**
     * Returns a slot's part of half of what the weights leave of the heap, in bytes; the other half is for records, scratch and
     * Flink.
     *
     * @param heapBytes the most bytes that the heap may have
     * @param slots number of slots that share the heap, 1 or more
     * @throws IllegalStateException if one sequence of {@code maxContext} does not fit into that; says how large the heap has to be,
     *     and how long a context may be that fits
     */
    public static long requireKvCacheShare(
            Gpt2Config config, Precision precision, int maxContext, long heapBytes, int slots) {
        long weights = weightBytes(config, precision);
        long share = (heapBytes - weights) / 2 / slots;
        long least = KvBlocks.blocksFor(maxContext) * KvBlocks.blockBytes(config);
        if (share < least) {
            long longest = share / KvBlocks.blockBytes(config) * KvCache.BLOCK_POSITIONS;
            throw new IllegalStateException(tooSmall(
                            heapBytes,
                            weights + 2L * slots * least,
                            weights + " for the weights and twice " + least + " for each of " + slots
                                    + " slots, what the KV cache of one sequence with a max-context of " + maxContext
                                    + " takes")
                    + (longest <= 0
                            ? " No max-context fits this heap."
                            : " The largest max-context that fits this heap is " + longest + "."));
        }
        return share;
    }

    /**
     * Returns the size of a heap, in bytes, that gives each slot in mode {@code batch} keys and values for a full batch: a slot's
     * {@link #requireKvCacheShare} of it is what {@code batchSize} sequences of {@code maxContext} need.
     *
     * @param slots number of slots that share the heap, 1 or more
     */
    public static long heapBytes(Gpt2Config config, Precision precision, int maxContext, int batchSize, int slots) {
        BatchOptions roomy = BatchOptions.roomy(config, maxContext, batchSize, 1);
        return weightBytes(config, precision) + 2 * slots * roomy.kvCacheBytes();
    }

    /**
     * Returns a message about a heap that is too small.
     *
     * @param heapBytes what there is
     * @param needed what there should be, in bytes
     * @param what the parts of that
     */
    public static String tooSmall(long heapBytes, long needed, String what) {
        return "heap of the TaskManager: found " + heapBytes + " bytes, expected at least " + needed + ": " + what
                + ". Raise taskmanager.memory.task.heap.size by " + megabytes(needed - heapBytes)
                + " (taskmanager.memory.managed.size: 0 gives room, for this job needs no managed memory), or use a"
                + " smaller max-context, fewer slots or another model.precision.";
    }

    private static String megabytes(long bytes) {
        return ((bytes >> 20) + 1) + " mb";
    }

    /**
     * @param heapBytes the most bytes that the heap may have
     * @throws IllegalStateException if the weights do not fit; says how large it has to be
     */
    static void requireRoom(Gpt2Config config, Precision precision, long heapBytes) {
        long weights = weightBytes(config, precision);
        if (weights > heapBytes) {
            throw new IllegalStateException(tooSmall(heapBytes, weights, "for the weights alone"));
        }
    }
}
