package io.flinkgpt2.generation;

import io.flinkgpt2.model.RaggedBatch;
import io.flinkgpt2.sampling.BeamParameters;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;

/**
 * The waiting and the running sequences of a batch, and the rows that each running one gets in a step.
 *
 * <p>The first in the queue enters as soon as there is a place and the {@link KvCacheManager} has room for it to its end. A
 * smaller one never overtakes it, or large ones would starve; and a running one is never interrupted by one that waits. A beam
 * search enters whole, by its first sequence; one with more beams than the batch has places enters when nothing else runs.
 */
final class Scheduler {

    private final KvCacheManager kvCache;
    private final BatchMetrics metrics;
    private final StepRows stepRows;
    private final TreeSet<Sequence> queue = new TreeSet<>(
            Comparator.comparingInt((Sequence sequence) -> sequence.group().priority())
                    .thenComparingLong(Sequence::arrival));
    private final int places;
    /** In the order of admission; the beams of a search side by side. */
    private final Sequence[] running;
    /** The running sequences of before, while beams change. */
    private final Sequence[] before;

    private int runningCount;
    /** Places of the running sequences, and of all beams that running searches will have. */
    private int takenPlaces;

    Scheduler(KvCacheManager kvCache, BatchOptions options, BatchMetrics metrics) {
        this.kvCache = kvCache;
        this.metrics = metrics;
        this.places = options.batchSize();
        this.running = new Sequence[mostRunning(options)];
        this.before = new Sequence[running.length];
        this.stepRows = new StepRows(running.length, options.prefillChunk());
    }

    /** Returns the maximum number of sequences that run together. */
    static int mostRunning(BatchOptions options) {
        return Math.max(options.batchSize(), BeamParameters.MAX_WIDTH);
    }

    void enqueue(Sequence sequence) {
        queue.add(sequence);
    }

    /**
     * Removes a sequence, or a beam search by the first of its sequences, and gives its part of the KV cache back if it runs.
     *
     * @throws IllegalArgumentException if it is another batch's
     */
    void remove(Sequence sequence) {
        if (queue.remove(sequence)) {
            return;
        }
        int kept = 0;
        for (int i = 0; i < runningCount; i++) {
            Sequence other = running[i];
            if (other != sequence && (sequence.search == null || other.search != sequence.search)) {
                running[kept++] = other;
            }
        }
        if (kept == runningCount) {
            throw new IllegalArgumentException("the request is in flight, but not in this batch");
        }
        clearFrom(kept);
        takenPlaces -= sequence.width();
        kvCache.release(sequence);
    }

    private void clearFrom(int kept) {
        Arrays.fill(running, kept, runningCount, null);
        runningCount = kept;
    }

    /** Lets waiting sequences enter while there is a place and room. */
    void admit() {
        while (!queue.isEmpty() && hasPlacesFor(queue.first().width())) {
            Sequence next = queue.first();
            if (!kvCache.allocate(next, running, runningCount, System.nanoTime())) {
                return;
            }
            queue.remove(next);
            running[runningCount++] = next;
            takenPlaces += next.width();
            metrics.admitted(next);
        }
    }

    private boolean hasPlacesFor(int width) {
        return takenPlaces == 0 || takenPlaces + width <= places;
    }

    /** Puts the beams that a running search has now in the place of those that it had. */
    void replaceBeams(BeamSearch search) {
        int count = runningCount;
        System.arraycopy(running, 0, before, 0, count);
        clearFrom(0);
        boolean replaced = false;
        for (int i = 0; i < count; i++) {
            if (before[i].search != search) {
                running[runningCount++] = before[i];
            } else if (!replaced) {
                replaced = true;
                for (Sequence beam : search.beams()) {
                    running[runningCount++] = beam;
                }
            }
        }
        Arrays.fill(before, 0, count, null);
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

    /** Returns the number of rows that a running sequence got in the last step. */
    int rowsOf(int index) {
        return stepRows.rowsOf(index);
    }

    /** Returns the number of those rows that have logits. */
    int logitsOf(int index) {
        return stepRows.logitsOf(index);
    }

    /** Returns the number of rows that the chunk gave to prompts in the last step. */
    int promptRows() {
        return stepRows.promptRows();
    }

    /** Gives the places of those that have ended to others; the rest keep their order. */
    void removeEnded() {
        int kept = 0;
        BeamSearch counted = null;
        for (int i = 0; i < runningCount; i++) {
            Sequence sequence = running[i];
            if (!sequence.hasEnded()) {
                running[kept++] = sequence;
            } else if (sequence.search == null || sequence.search != counted) {
                counted = sequence.search;
                takenPlaces -= sequence.width();
            }
        }
        clearFrom(kept);
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

    /** Returns whether as many sequences are in flight, waiting ones included, as there are places. */
    boolean isFull() {
        return takenPlaces + queue.size() >= places;
    }

    /** Returns those that wait, the next one first. */
    List<Sequence> waiting() {
        return List.copyOf(queue);
    }
}
