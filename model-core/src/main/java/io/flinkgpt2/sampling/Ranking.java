package io.flinkgpt2.sampling;

import java.util.Arrays;

/**
 * Candidates in an order, found one by one as far as they are asked for, so that nothing sorts the whole vocabulary: by key
 * descending, of equal ones the better first, which are those of higher logit, then of lower id.
 *
 * <p>A binary heap of candidates, the first on top; behind it, from the end on, those found so far.
 */
final class Ranking {

    /** So few candidates are ordered as they are. */
    private static final int FEW = 256;

    private static final int BUCKETS = 2048;

    /** Far above the relative error of a sum in double, for each of its terms. */
    private static final double ERROR = 0x1p-50;

    private final double[] keys;
    private final int[] heap;
    private float[] logits;
    private int offset;
    private int size;
    private int found;

    /** Weights of the candidates whose keys lie close together. */
    private final double[] sums = new double[BUCKETS];

    private final short[] buckets;

    /*
     * A share of the probability of a flat distribution is tens of thousands of candidates, too many to be found one by one. But
     * only one bucket of them needs an order: the one in which the sum of the weights passes the share.
     */

    /** @param most maximum number of candidates */
    Ranking(int most) {
        this.keys = new double[most];
        this.heap = new int[most];
        this.buckets = new short[most];
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

    /** Takes those of the first {@code count} candidates that weigh at least so much; each one's key is its logit. */
    void addByLogit(int count, float[] weights, double least) {
        int added = 0;
        for (int i = 0; i < count; i++) {
            keys[i] = logits[offset + i];
            // Without a jump, which could not be foreseen.
            heap[added] = i;
            added += weights[i] >= least ? 1 : 0;
        }
        size = added;
    }

    /** Orders the candidates that were added; no ranks are known then. */
    void order() {
        found = 0;
        for (int i = size / 2 - 1; i >= 0; i--) {
            sink(i, size);
        }
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

    /**
     * Returns the last candidate that is needed for the weights to reach a share, if they are added in this order; of all
     * candidates the last one if they do not reach it. At least one has a weight. Afterwards no ranks are known.
     *
     * @param share above 0
     */
    int reach(float[] weights, double share) {
        int last = size > FEW ? reachInBucket(weights, share) : -1;
        if (last >= 0) {
            return last;
        }
        order();
        last = at(0);
        double sum = weights[last];
        // Those that were dropped before have no weight, and one with a weight has to be kept, however small the share
        // is.
        for (int rank = 1; rank < size && (sum < share || sum == 0); rank++) {
            last = at(rank);
            sum += weights[last];
        }
        return last;
    }

    /**
     * Returns the same; or -1 if a sum comes so close to the share that it depends on rounding, and so on the order of the
     * additions.
     */
    private int reachInBucket(float[] weights, double share) {
        double error = share * size * ERROR;
        fillBuckets(weights);
        double before = 0;
        int bucket = 0;
        while (bucket < BUCKETS && before + sums[bucket] < share - error) {
            before += sums[bucket++];
        }
        if (bucket == BUCKETS || before + sums[bucket] < share + error) {
            return -1;
        }
        int all = size;
        size = moveToFront(bucket);
        order();
        int last = -1;
        double sum = before;
        for (int rank = 0; rank < size && sum < share - error; rank++) {
            last = at(rank);
            sum += weights[last];
        }
        size = all;
        found = 0;
        return sum >= share + error ? last : -1;
    }

    private void fillBuckets(float[] weights) {
        double largest = keys[heap[0]];
        double least = largest;
        for (int i = 1; i < size; i++) {
            double key = keys[heap[i]];
            if (key > largest) {
                largest = key;
            } else if (key < least) {
                least = key;
            }
        }
        double bucketsPerKey = BUCKETS / (largest - least);
        Arrays.fill(sums, 0);
        for (int i = 0; i < size; i++) {
            int candidate = heap[i];
            // The factor or the product may be infinite, or not a number, which becomes 0; the order of the buckets
            // stays that
            // of the keys.
            int bucket = Math.min((int) ((largest - keys[candidate]) * bucketsPerKey), BUCKETS - 1);
            buckets[i] = (short) bucket;
            sums[bucket] += weights[candidate];
        }
    }

    /** Returns the number of candidates of a bucket, which are the first ones then. */
    private int moveToFront(int bucket) {
        int count = 0;
        for (int i = 0; i < size; i++) {
            if (buckets[i] == bucket) {
                int candidate = heap[i];
                heap[i] = heap[count];
                heap[count++] = candidate;
            }
        }
        return count;
    }

    /** Sets the weights of those of the first {@code count} candidates to 0 that come after one of them. */
    void dropAfter(int last, float[] weights, int count) {
        double key = keys[last];
        for (int i = 0; i < count; i++) {
            // The sign of the difference, for a jump could not be foreseen; equal keys are rare. Two that are infinite
            // have no
            // weight.
            int dropped = (int) (Double.doubleToRawLongBits(keys[i] - key) >> (Long.SIZE - 1));
            if (keys[i] == key && isBetter(logits, offset, last, i)) {
                dropped = -1;
            }
            weights[i] = Float.intBitsToFloat(Float.floatToRawIntBits(weights[i]) & ~dropped);
        }
    }

    /** Returns whether one candidate comes before another one. */
    private boolean isBefore(int a, int b) {
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
