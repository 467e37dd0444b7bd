package io.flinkgpt2.sql;

import io.flinkgpt2.generation.BatchOptions;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.model.Gpt2Weights;
import io.flinkgpt2.model.KvBlocks;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sql.ProviderSettings.Limits;
import io.flinkgpt2.tensor.Precision;

/** The heap of a TaskManager that a model and its engines need. */
final class EngineMemory {

    private EngineMemory() {}

    /**
     * Checks that the weights fit.
     *
     * @param heapBytes the most bytes that the heap may have
     * @throws IllegalStateException if they do not; says how large it has to be
     */
    static void requireRoom(Gpt2Config config, Precision precision, long heapBytes) {
        long weights = Gpt2Weights.byteCount(config, precision);
        if (weights > heapBytes) {
            throw tooSmall(heapBytes, weights, "for the weights alone");
        }
    }

    /**
     * Returns the limits of a subtask's batch: a KV cache for as many sequences as it has places, but at most this subtask's
     * part of half of what the weights leave of the heap; the other half is for rows, scratch and Flink.
     *
     * @param subtasks number of subtasks that may share the heap, 1 or more
     * @throws IllegalStateException if one sequence does not fit into that; says how large the heap has to be
     * @throws IllegalArgumentException if the context is more than the model's, or a KV cache that was chosen by size does not
     *     hold one sequence
     */
    static BatchOptions batchOptions(Pretrained pretrained, Limits limits, long heapBytes, int subtasks) {
        int maxContext = limits.maxContext(pretrained.config());
        ModelCheck.requireContext(maxContext, pretrained.config().contextLength());
        BatchOptions roomy =
                BatchOptions.roomy(pretrained.config(), maxContext, limits.batchSize(), limits.prefillChunk());
        long least = KvBlocks.blocksFor(maxContext) * KvBlocks.blockBytes(pretrained.config());
        if (limits.kvCacheBytes() != null) {
            if (limits.kvCacheBytes() < least) {
                throw new IllegalArgumentException(Gpt2Options.KV_CACHE_SIZE.key() + ": found " + limits.kvCacheBytes()
                        + " bytes, expected at least " + least + ", what one sequence of max-context-size ("
                        + maxContext + ") takes");
            }
            return roomy.withKvCacheBytes(limits.kvCacheBytes()).withPrefixCacheBytes(limits.kvCacheBytes());
        }
        long weights = Gpt2Weights.byteCount(pretrained.config(), pretrained.precision());
        long share = (heapBytes - weights) / 2 / subtasks;
        if (share < least) {
            throw tooSmall(
                    heapBytes,
                    weights + 2L * subtasks * least,
                    weights + " for the weights and twice " + least + " for each of " + subtasks
                            + " subtasks, what one sequence of max-context-size (" + maxContext + ") takes");
        }
        long kvCache = Math.min(share, roomy.kvCacheBytes());
        return roomy.withKvCacheBytes(kvCache).withPrefixCacheBytes(kvCache);
    }

    private static IllegalStateException tooSmall(long heapBytes, long needed, String what) {
        return new IllegalStateException("heap of the TaskManager: found " + heapBytes + " bytes, expected at least "
                + needed + ": " + what + ". Raise taskmanager.memory.task.heap.size by "
                + (((needed - heapBytes) >> 20) + 1) + " mb, or use a smaller max-context-size, fewer slots or another"
                + " precision.");
    }
}
