package io.flinkgpt2.sampling;

/**
 * Candidates in an order, found one by one as far as they are asked for, so that nothing sorts the whole vocabulary.
 *
 * <p>A binary heap of candidates, the first on top; behind it, from the end on, those found so far.
 */
abstract class Ranking {
    private final int[] heap;
    private int size;
    private int found;

    /** @param heap scratch for the largest number of candidates; rankings that are not used at once may share it */
    Ranking(int[] heap) {
        this.heap = heap;
    }

    /** Returns whether candidate {@code a} comes before candidate {@code b}; a total order. */
    abstract boolean isBefore(int a, int b);

    /** Starts over with the candidates 0..{@code count} - 1. */
    void begin(int count) {
        for (int i = 0; i < count; i++) {
            heap[i] = i;
        }
        heapify(count);
    }

    /** Starts over with those of the candidates 0..{@code count} - 1 that have a weight of at least {@code least}. */
    void begin(int count, float[] weights, double least) {
        int taken = 0;
        for (int i = 0; i < count; i++) {
            if (weights[i] >= least) {
                heap[taken++] = i;
            }
        }
        heapify(taken);
    }

    private void heapify(int count) {
        size = count;
        found = 0;
        for (int i = count / 2 - 1; i >= 0; i--) {
            sink(i, count);
        }
    }

    /** Returns the number of candidates. */
    int size() {
        return size;
    }

    /** Returns the candidate of a rank, 0 for the first; a rank that is new must be the next one. */
    int at(int rank) {
        int place = size - 1 - rank;
        if (rank == found) {
            found++;
            int first = heap[0];
            heap[0] = heap[place];
            sink(0, place);
            heap[place] = first;
        }
        return heap[place];
    }

    private void sink(int parent, int count) {
        int candidate = heap[parent];
        for (int child = 2 * parent + 1; child < count; child = 2 * parent + 1) {
            if (child + 1 < count && isBefore(heap[child + 1], heap[child])) {
                child++;
            }
            if (!isBefore(heap[child], candidate)) {
                break;
            }
            heap[parent] = heap[child];
            parent = child;
        }
        heap[parent] = candidate;
    }
}
