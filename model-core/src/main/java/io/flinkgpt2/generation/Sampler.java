package io.flinkgpt2.generation;

import io.flinkgpt2.tensor.Kernels;

/**
 * Chooses the next token. Owns scratch for one thread; allocates nothing afterwards.
 *
 * <p>Everything runs in a fixed order, so the same logits, parameters and random number give the same id: a candidate is
 * better if its logit is higher, of equal ones if its id is lower; what top-k and top-p keep is found in that order; sums
 * run in double, over all candidates in ascending id, and the draw walks what is kept in ascending id too.
 */
public final class Sampler {

    private final Kernels kernels;
    private final int vocabularySize;
    private final float[] weights;
    /** A binary heap of ids, the best on top. */
    private final int[] heap;

    public Sampler(Kernels kernels, int vocabularySize) {
        this.kernels = kernels;
        this.vocabularySize = vocabularySize;
        this.weights = new float[vocabularySize];
        this.heap = new int[vocabularySize];
    }

    /**
     * The id at one step.
     *
     * @param logits {@code vocab_size} floats from {@code offset}
     * @param seed and {@code choice} and {@code step} give the random number
     * @param step number of tokens generated so far
     * @throws ArithmeticException if there is a NaN among the logits, or no finite one
     */
    public int sample(float[] logits, int offset, SamplingParameters parameters, long seed, int choice, int step) {
        int best = kernels.argMax(logits, offset, vocabularySize);
        if (best < 0 || Float.isInfinite(logits[offset + best])) {
            throw new ArithmeticException("no token can be chosen at step " + step + ": the largest of the logits is "
                    + (best < 0 ? "not a number" : logits[offset + best]));
        }
        if (parameters.isGreedy()) {
            return best;
        }
        float inverseTemperature = (float) (1 / parameters.temperature());
        kernels.exponentials(weights, logits, offset, vocabularySize, logits[offset + best], inverseTemperature);
        int last = lastKept(logits, offset, parameters);
        return draw(logits, offset, last, RandomStream.uniform(seed, choice, step));
    }

    /** The worst candidate that top-k and top-p keep, or -1 if they keep all. */
    private int lastKept(float[] logits, int offset, SamplingParameters parameters) {
        int kept = parameters.topK() == 0 ? vocabularySize : Math.min(parameters.topK(), vocabularySize);
        if (kept == vocabularySize && parameters.topP() == 1) {
            return -1;
        }
        heapify(logits, offset);
        if (parameters.topP() == 1) {
            return popUntil(logits, offset, kept, Double.POSITIVE_INFINITY);
        }
        double total = 0;
        if (kept == vocabularySize) {
            for (int id = 0; id < vocabularySize; id++) {
                total += weights[id];
            }
        } else {
            for (int i = 0; i < kept; i++) {
                total += weights[pop(logits, offset, vocabularySize - i)];
            }
            heapify(logits, offset);
        }
        return popUntil(logits, offset, kept, parameters.topP() * total);
    }

    /** Takes candidates off the heap, best first, until there are {@code most} or their weights reach {@code share}. */
    private int popUntil(float[] logits, int offset, int most, double share) {
        int last = -1;
        double sum = 0;
        for (int i = 0; i < most && (last < 0 || sum < share); i++) {
            last = pop(logits, offset, vocabularySize - i);
            sum += weights[last];
        }
        return last;
    }

    /** Inverts the cumulative distribution over the kept candidates, by ascending id. */
    private int draw(float[] logits, int offset, int last, double uniform) {
        double total = 0;
        for (int id = 0; id < vocabularySize; id++) {
            if (last < 0 || !better(logits, offset, last, id)) {
                total += weights[id];
            }
        }
        double target = uniform * total;
        double sum = 0;
        int drawn = -1;
        for (int id = 0; id < vocabularySize && sum <= target; id++) {
            if (last < 0 || !better(logits, offset, last, id)) {
                sum += weights[id];
                drawn = id;
            }
        }
        return drawn;
    }

    private static boolean better(float[] logits, int offset, int a, int b) {
        float first = logits[offset + a];
        float second = logits[offset + b];
        return first > second || (first == second && a < b);
    }

    private void heapify(float[] logits, int offset) {
        for (int i = 0; i < vocabularySize; i++) {
            heap[i] = i;
        }
        for (int i = vocabularySize / 2 - 1; i >= 0; i--) {
            sink(logits, offset, i, vocabularySize);
        }
    }

    /** Removes and returns the best of the first {@code size} entries of the heap. */
    private int pop(float[] logits, int offset, int size) {
        int top = heap[0];
        heap[0] = heap[size - 1];
        sink(logits, offset, 0, size - 1);
        return top;
    }

    private void sink(float[] logits, int offset, int parent, int size) {
        int id = heap[parent];
        for (int child = 2 * parent + 1; child < size; child = 2 * parent + 1) {
            if (child + 1 < size && better(logits, offset, heap[child + 1], heap[child])) {
                child++;
            }
            if (!better(logits, offset, heap[child], id)) {
                break;
            }
            heap[parent] = heap[child];
            parent = child;
        }
        heap[parent] = id;
    }
}
