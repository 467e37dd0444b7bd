package io.flinkgpt2.generation;

import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.sampling.LogitsProcessor;
import java.util.List;

/**
 * The logits processors and stop criteria that a request's parameters ask for. A feature that a request does not use is absent
 * and costs its sequences nothing.
 */
interface SequenceFeatures {

    /** Returns new processors for one sequence, in the order in which they apply. */
    List<LogitsProcessor> processors(GenerationParameters parameters);

    /** Returns new stop criteria for one sequence; of several that hold at a token the first one counts. */
    List<StopCriteria> stopCriteria(GenerationParameters parameters);

    /** Returns the features that the records offer, for a model with this configuration. */
    static SequenceFeatures standard(Gpt2Config config) {
        return new SequenceFeatures() {
            @Override
            public List<LogitsProcessor> processors(GenerationParameters parameters) {
                return List.of();
            }

            @Override
            public List<StopCriteria> stopCriteria(GenerationParameters parameters) {
                return parameters.stop().ignoreEndOfText() ? List.of() : List.of(new EndOfTextCriterion(config));
            }
        };
    }
}
