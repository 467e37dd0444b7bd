package io.flinkgpt2.generation;

import io.flinkgpt2.sampling.GenerationParameters;
import java.util.List;

/** A request that a test submits more than once, and to more than one engine. */
record TestRequest(int[] promptTokenIds, GenerationParameters parameters) {

    static TestRequest greedy(int[] prompt, int maxTokens) {
        return new TestRequest(prompt, GenerationParameters.greedy(maxTokens));
    }

    /** Returns the request that was submitted. */
    static TestRequest of(RequestGroup group) {
        return new TestRequest(group.promptTokenIds()[0], group.parameters());
    }

    /** Returns how many positions of the one choice of a running request are computed. */
    static int positions(RequestGroup group) {
        return group.choices().get(0).cache.keysAndValues.length();
    }

    RequestGroup submitTo(ContinuousBatch batch) {
        return submitTo(batch, 0);
    }

    RequestGroup submitTo(ContinuousBatch batch, int priority) {
        return batch.submit(promptTokenIds, parameters, priority);
    }

    RequestGroup resumeIn(ContinuousBatch batch, int priority, List<int[]> generatedTokenIds) {
        return batch.resume(new int[][] {promptTokenIds}, parameters, priority, generatedTokenIds, System.nanoTime());
    }

    /** Returns the one completion. */
    Completion completedBy(Generator generator) {
        return generator.complete(promptTokenIds, parameters);
    }
}
