package io.flinkgpt2.benchmark;

import io.flinkgpt2.generation.ContinuousBatch;
import io.flinkgpt2.generation.RequestGroup;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.sampling.GenerationParametersBuilder;

/**
 * A request of a workload.
 *
 * @param promptTokenIds not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // never compared or hashed, and a list would box every id
record BenchRequest(int[] promptTokenIds, GenerationParameters parameters) {

    /** Returns a greedy request that ignores end of text, so that it always generates {@code newTokens}. */
    static BenchRequest greedy(int[] prompt, int newTokens) {
        return new BenchRequest(prompt, greedy(newTokens).build());
    }

    /** Returns the parameters of such a request. */
    static GenerationParametersBuilder greedy(int newTokens) {
        return GenerationParameters.builder()
                .setMaxTokens(newTokens)
                .setTemperature(0)
                .setIgnoreEndOfText(true);
    }

    RequestGroup submitTo(ContinuousBatch batch) {
        return batch.submit(promptTokenIds, parameters, 0);
    }
}
