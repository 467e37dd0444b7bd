package io.flinkgpt2.job.operator;

import io.flinkgpt2.generation.ContinuousBatch;
import io.flinkgpt2.job.function.ModelMemory;
import io.flinkgpt2.pretrained.Pretrained;

/**
 * The back-pressure of a slot: how long an arriving record makes steps before it joins the batch. A slot is full when the batch
 * has no place, when as many answers as there are places are held back, or when the values of its requests, which are kept so
 * that they can start again, take their share of the heap. A record may hold the task for {@link BatchSettings#maxHold}, and
 * once more for every full batch, every such number of answers and every such share that waits already: so a source that is
 * faster than the model does not fill the heap.
 */
final class BackPressure {

    /** The values of requests take one part in so many of what the weights leave of the heap, all slots together. */
    private static final int VALUES_PART = 8;

    private final BatchSettings settings;
    private final ContinuousBatch batch;
    private final AnswerOrder order;
    private final long mostValueBytes;
    private long valueBytes;

    /** @param mostValueBytes of the values of a slot's requests, 1 or more */
    BackPressure(BatchSettings settings, ContinuousBatch batch, AnswerOrder order, long mostValueBytes) {
        this.settings = settings;
        this.batch = batch;
        this.order = order;
        this.mostValueBytes = mostValueBytes;
    }

    /**
     * Returns a slot's share for values.
     *
     * @param heapBytes the most bytes that the heap may have
     * @param slots number of slots that share it, 1 or more
     */
    static long mostValueBytes(Pretrained pretrained, long heapBytes, int slots) {
        long weights = ModelMemory.weightBytes(pretrained.config(), pretrained.precision());
        return Math.max(1, (heapBytes - weights) / VALUES_PART / slots);
    }

    /** A request joined. */
    void joined(RequestInFlight request) {
        valueBytes += request.request.receivedBytes();
    }

    /** A request that joined is about to give up its value. */
    void left(RequestInFlight request) {
        valueBytes -= request.request.receivedBytes();
    }

    boolean isFull() {
        return batch.isFull() || order.heldBackCount() >= settings.batchSize() || valueBytes >= mostValueBytes;
    }

    /** Makes steps while the slot is full, as long as a record may hold the task; none if there is room. */
    void hold(Runnable step) {
        if (!isFull()) {
            return;
        }
        int places = settings.batchSize();
        int tooMany = Math.max(0, batch.runningCount() + batch.waitingCount() - places)
                + Math.max(0, order.heldBackCount() - places);
        long tooManyBytes = Math.max(0, valueBytes - mostValueBytes);
        long holdNanos = settings.maxHold().toNanos() * (1 + tooMany / places + tooManyBytes / mostValueBytes);
        long start = System.nanoTime();
        while (isFull() && System.nanoTime() - start < holdNanos) {
            step.run();
        }
    }
}
