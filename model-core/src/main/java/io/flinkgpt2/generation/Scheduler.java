package io.flinkgpt2.generation;

import io.flinkgpt2.model.RaggedBatch;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;

/**
 * The waiting and the running sequences of a batch, and the rows that each running one gets in a step.
 *
 * <p>The first in the queue enters as soon as there is a place and the {@link KvCacheManager} has room for it to its end. A
 * smaller one never overtakes it, or large ones would starve; and a running one is never interrupted by one that waits.
 */
final class Scheduler {

    private final KvCacheManager kvCache;
    private final BatchMetrics metrics;
    private final StepRows stepRows;
    private final TreeSet<Sequence> queue = new TreeSet<>(
            Comparator.comparingInt((Sequence sequence) -> sequence.group().priority())
                    .thenComparingLong(Sequence::arrival));
    /** In the order of admission. */
    private final Sequence[] running;

    private int runningCount;

    Scheduler(KvCacheManager kvCache, BatchOptions options, BatchMetrics metrics) {
        this.kvCache = kvCache;
        this.metrics = metrics;
        this.stepRows = new StepRows(options.batchSize(), options.prefillChunk());
        this.running = new Sequence[options.batchSize()];
    }

    void enqueue(Sequence sequence) {
        queue.add(sequence);
    }

    /**
     * Removes a sequence, and gives its part of the KV cache back if it runs.
     *
     * @throws IllegalArgumentException if it is another batch's
     */
    void remove(Sequence sequence) {
        if (queue.remove(sequence)) {
            return;
        }
        int place = 0;
        while (place < runningCount && running[place] != sequence) {
            place++;
        }
        if (place == runningCount) {
            throw new IllegalArgumentException("the request is in flight, but not in this batch");
        }
        System.arraycopy(running, place + 1, running, place, runningCount - place - 1);
        running[--runningCount] = null;
        kvCache.release(sequence);
    }

    /** Lets waiting sequences enter while there is a place and room. */
    void admit() {
        while (runningCount < running.length && !queue.isEmpty()) {
            Sequence next = queue.first();
            if (!kvCache.allocate(next, running, runningCount, System.nanoTime())) {
                return;
            }
            queue.remove(next);
            running[runningCount++] = next;
            metrics.admitted(next);
        }
    }

    /**
     * Fills a batch with the rows of a step.
     *
     * @return number of blocks that the caches have to take for these rows
     */
    int fill(RaggedBatch rows) {
        return stepRows.fill(rows, running, runningCount);
    }

    /**
     * Fills a batch with those rows only that the last {@link #fill} gave to one running sequence, which may be none.
     *
     * @return number of blocks that its cache still has to take for these rows
     */
    int fillAlone(RaggedBatch rows, int index) {
        return stepRows.fillAlone(rows, running[index], index);
    }

    /** Returns the number of rows that the chunk gave to prompts in the last step. */
    int promptRows() {
        return stepRows.promptRows();
    }

    /** Gives the places of those that have ended to others; the rest keep their order. */
    void removeEnded() {
        int kept = 0;
        for (int i = 0; i < runningCount; i++) {
            Sequence sequence = running[i];
            if (!sequence.hasEnded()) {
                running[kept++] = sequence;
            }
        }
        while (runningCount > kept) {
            running[--runningCount] = null;
        }
    }

    /** Returns a running sequence, in the order of admission. */
    Sequence running(int index) {
        return running[index];
    }

    int runningCount() {
        return runningCount;
    }

    int waitingCount() {
        return queue.size();
    }

    int places() {
        return running.length;
    }

    /** Returns those that wait, the next one first. */
    List<Sequence> waiting() {
        return List.copyOf(queue);
    }
}
