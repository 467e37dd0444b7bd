package io.flinkgpt2.generation;

import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.sampling.LogitsProcessor;
import java.util.List;

/**
 * The logits processors and stop criteria that a request's parameters ask for. A feature that a request does not use is absent
 * and costs its sequences nothing.
 */
interface SequenceFeatures {

    /** Returns the number of tokens of the model. */
    int vocabularySize();

    /**
     * Returns new processors for one sequence, in the order in which they apply.
     *
     * @param promptTokenIds the prompt as the model sees it
     * @param maxLength maximum number of tokens of the sequence, prompt included
     */
    List<LogitsProcessor> processors(GenerationParameters parameters, int[] promptTokenIds, int maxLength);

    /** Returns new stop criteria for one sequence; of several that hold at a token the first one counts. */
    List<StopCriteria> stopCriteria(GenerationParameters parameters);
}
