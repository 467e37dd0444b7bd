package io.flinkgpt2.job.function;

import io.flinkgpt2.generation.Generator;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.model.Gpt2Weights;
import io.flinkgpt2.model.KvBlocks;
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
     * beam search takes, but at most this slot's part of half of what the weights leave of the heap, and at least one sequence.
     *
     * @param slots number of slots that share the heap, 1 or more
     */
    static long kvCacheBytes(Gpt2Config config, Precision precision, int maxContext, long heapBytes, int slots) {
        long least = KvBlocks.blocksFor(maxContext) * KvBlocks.blockBytes(config);
        long share = kvCacheShare(weightBytes(config, precision), heapBytes, slots);
        return Math.max(least, Math.min(share, Generator.mostKvCacheBytes(config, maxContext)));
    }

    /** Returns a slot's part of half of what the weights leave of the heap; the other half is for records, scratch and Flink. */
    public static long kvCacheShare(long weightBytes, long heapBytes, int slots) {
        return (heapBytes - weightBytes) / 2 / slots;
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
