package io.flinkgpt2.benchmark;

/**
 * How the engines are set up.
 *
 * @param engines batches that are driven side by side over one copy of the weights, each by a thread of its own; 1 or more
 * @param threads that share each step of an engine, 1 or more
 * @param batchSize the most sequences that an engine computes together, 1 or more
 * @param prefillChunk the most prompt tokens of a step, 1 or more
 * @param prefixCache whether prompts that begin alike are computed once
 */
public record EngineOptions(int engines, int threads, int batchSize, int prefillChunk, boolean prefixCache) {

    public EngineOptions {
        if (engines < 1 || threads < 1 || batchSize < 1 || prefillChunk < 1) {
            throw new IllegalArgumentException("engines, threads, batch size and prefill chunk: found " + engines + ", "
                    + threads + ", " + batchSize + " and " + prefillChunk + ", expected 1 or more");
        }
    }

    /** Threads that compute at the same time. */
    public int totalThreads() {
        return engines * threads;
    }
}
