package io.flinkgpt2.sampling;

/**
 * Candidates in an order, found one by one as far as they are asked for, so that nothing sorts the whole vocabulary: by key
 * descending, of equal ones the better first, which are those of higher logit, then of lower id.
 *
 * <p>A binary heap of candidates, the first on top; behind it, from the end on, those found so far.
 */
final class Ranking {
    private final double[] keys;
    private final int[] heap;
    private float[] logits;
    private int offset;
    private int size;
    private int found;

    /** @param most maximum number of candidates */
    Ranking(int most) {
        this.keys = new double[most];
        this.heap = new int[most];
    }

    /** Starts over with candidates that have the logits {@code row[rowOffset + i]}; their keys are to be set. */
    void start(float[] row, int rowOffset) {
        logits = row;
        offset = rowOffset;
        size = 0;
        found = 0;
    }

    /** Sets the key of a candidate. */
    void setKey(int candidate, double key) {
        keys[candidate] = key;
    }

    /** Takes a candidate. */
    void add(int candidate) {
        heap[size++] = candidate;
    }

    /** Orders the candidates that were added. */
    void order() {
        for (int i = size / 2 - 1; i >= 0; i--) {
            sink(i, size);
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

    /** Returns whether one candidate comes before another one. */
    boolean isBefore(int a, int b) {
        double first = keys[a];
        double second = keys[b];
        return first > second || (first == second && isBetter(logits, offset, a, b));
    }

    /** Returns whether a candidate is better than another one: its logit is higher, or as high and its id is lower. */
    static boolean isBetter(float[] logits, int offset, int a, int b) {
        float first = logits[offset + a];
        float second = logits[offset + b];
        return first > second || (first == second && a < b);
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
