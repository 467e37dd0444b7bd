package io.flinkgpt2.sampling;

import io.flinkgpt2.tensor.Kernels;

/**
 * Chooses the next token. Owns scratch for one thread; allocates nothing afterwards.
 *
 * <p>Everything runs in a fixed order, so the same logits, parameters and random number give the same id: a candidate is
 * better if its logit is higher, of equal ones if its id is lower. What top-k and top-p keep is found in that order, and
 * the weights that top-p compares are summed in it, but for the sum over the whole vocabulary, which runs in ascending id;
 * the draw walks what is kept in ascending id. All sums are in double. A candidate whose logit is negative infinity has no
 * weight and is never drawn.
 */
public final class Sampler {

    private final Kernels kernels;
    private final int vocabularySize;
    private final float[] weights;
    /** A binary heap of ids, the best on top; behind it, from the end on, those {@link #ranked} so far. */
    private final int[] heap;

    private final SampledToken token = new SampledToken();

    private int rankedCount;

    /** @param vocabularySize number of logits, 1 or more */
    public Sampler(Kernels kernels, int vocabularySize) {
        this.kernels = kernels;
        this.vocabularySize = vocabularySize;
        this.weights = new float[vocabularySize];
        this.heap = new int[vocabularySize];
    }

    /**
     * Chooses the token of one step.
     *
     * @param logits {@code vocab_size} floats from {@code offset}; the processors change them
     * @param processors applied to the logits in their order; empty if the request asks for none
     * @param choice index of the completion within its request; with the seed and the step it gives the random number
     * @param step number of tokens generated so far
     * @return the token, valid until the next call
     * @throws ArithmeticException if there is a NaN among the logits, or no finite one
     */
    public SampledToken sample(
            float[] logits,
            int offset,
            LogitsProcessor[] processors,
            GenerationParameters parameters,
            int choice,
            int step) {
        for (LogitsProcessor processor : processors) {
            processor.apply(logits, offset, vocabularySize);
        }
        int best = kernels.argMax(logits, offset, vocabularySize);
        if (best < 0 || Float.isInfinite(logits[offset + best])) {
            throw new ArithmeticException("no token can be chosen at step " + step + ": the largest of the logits is "
                    + (best < 0 ? "not a number" : logits[offset + best])
                    + ", expected a finite number; the weights are damaged, or too large for float32");
        }
        SamplingParameters sampling = parameters.sampling();
        if (sampling.isGreedy()) {
            token.id = best;
            return token;
        }
        weigh(logits, offset, logits[offset + best], sampling.temperature());
        int last = lastKept(logits, offset, sampling);
        token.id = draw(logits, offset, last, RandomStream.uniform(parameters.seed(), choice, step));
        return token;
    }

    /** Unnormalised probabilities; that of the best is 1. */
    private void weigh(float[] logits, int offset, float max, double temperature) {
        // An inverse of zero would make negative infinity times zero, which is not a number.
        float inverseTemperature = Math.max((float) (1 / temperature), Float.MIN_VALUE);
        kernels.exponentials(weights, logits, offset, vocabularySize, max, inverseTemperature);
        // The kernels' exponential stays above zero, but what is excluded must not be drawn even once in 2^53 times.
        for (int id = 0; id < vocabularySize; id++) {
            if (logits[offset + id] == Float.NEGATIVE_INFINITY) {
                weights[id] = 0;
            }
        }
    }

    /** Returns the worst candidate that top-k and top-p keep, or -1 if they keep all. */
    private int lastKept(float[] logits, int offset, SamplingParameters parameters) {
        int most = parameters.topK() == 0 ? vocabularySize : Math.min(parameters.topK(), vocabularySize);
        if (most == vocabularySize && parameters.topP() == 1) {
            return -1;
        }
        heapify(logits, offset);
        if (parameters.topP() == 1) {
            return lastWithin(logits, offset, most, Double.POSITIVE_INFINITY);
        }
        double total = 0;
        for (int i = 0; i < most; i++) {
            total += weights[most == vocabularySize ? i : ranked(logits, offset, i)];
        }
        return lastWithin(logits, offset, most, parameters.topP() * total);
    }

    /** Goes through the candidates, best first, until there are {@code most} or their weights reach {@code share}. */
    private int lastWithin(float[] logits, int offset, int most, double share) {
        int last = ranked(logits, offset, 0);
        double sum = weights[last];
        for (int i = 1; i < most && sum < share; i++) {
            last = ranked(logits, offset, i);
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
        rankedCount = 0;
        for (int i = 0; i < vocabularySize; i++) {
            heap[i] = i;
        }
        for (int i = vocabularySize / 2 - 1; i >= 0; i--) {
            sink(logits, offset, i, vocabularySize);
        }
    }

    /** Returns the candidate of a rank, 0 for the best; a rank that is new must be the next one. */
    private int ranked(float[] logits, int offset, int rank) {
        int place = vocabularySize - 1 - rank;
        if (rank == rankedCount) {
            rankedCount++;
            int best = heap[0];
            heap[0] = heap[place];
            sink(logits, offset, 0, place);
            heap[place] = best;
        }
        return heap[place];
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
