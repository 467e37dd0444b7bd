package io.flinkgpt2.job.operator;

import java.io.Serializable;
import java.time.Duration;
import java.util.Objects;

/**
 * The batching options of a slot; they never change a result.
 *
 * @param batchSize the most sequences of a slot that are computed together, 1 or more
 * @param maxHold how long a record that finds the batch full may keep the task from checkpoints, 0 or more
 * @param kvCacheBytes the most bytes of a slot's KV cache; null: from the heap, see {@link KvCacheBudget}
 * @param prefixCacheBytes how many of those may keep prompts that no sequence needs any more; null: all of them
 */
public record BatchSettings(int batchSize, Duration maxHold, Long kvCacheBytes, Long prefixCacheBytes)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    public BatchSettings {
        Objects.requireNonNull(maxHold, "maxHold");
        if (batchSize < 1) {
            throw new IllegalArgumentException("batch.size: found " + batchSize + ", expected 1 or more");
        }
        if (maxHold.isNegative()) {
            throw new IllegalArgumentException("batch.max-hold: found " + maxHold + ", expected 0 or more");
        }
    }
}
