package io.flinkgpt2.sql;

import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.pretrained.LoadOptions;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.sampling.GenerationParametersBuilder;
import io.flinkgpt2.sampling.SamplingParameters;
import io.flinkgpt2.tensor.Activation;
import io.flinkgpt2.tensor.Precision;
import java.io.Serializable;
import java.util.List;

/**
 * A model as {@code CREATE MODEL} describes it; goes to the TaskManagers with the functions.
 *
 * @param model path on the TaskManagers, or name on the hub
 * @param precision how its weight matrices are kept in memory
 * @param activation replaces the model's activation function; null: as the model says
 * @param generation what each row asks for
 * @param limits of the engine of a subtask
 * @param overflow what becomes of a prompt that does not fit
 * @param errors what becomes of a row that cannot be completed
 * @param columns of the model
 */
record ProviderSettings(
        String model,
        Precision precision,
        Activation activation,
        Generation generation,
        Limits limits,
        ContextOverflow overflow,
        ErrorHandling errors,
        ModelColumns columns)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    /**
     * The parameters that all rows have in common.
     *
     * @param seed null: a function of the row
     */
    record Generation(
            int maxTokens,
            int minTokens,
            double temperature,
            int topK,
            double topP,
            double minP,
            double presencePenalty,
            double frequencyPenalty,
            double repetitionPenalty,
            List<String> stop,
            Long seed,
            int choices,
            boolean allowSpecialTokens)
            implements Serializable {
        private static final long serialVersionUID = 1L;

        Generation {
            stop = List.copyOf(stop);
        }
    }

    /**
     * The limits of the engine of a subtask.
     *
     * @param maxContext the most tokens of prompt and completion together; null: what the model has
     * @param kvCacheBytes null: by the heap
     */
    record Limits(Integer maxContext, int batchSize, int prefillChunk, Long kvCacheBytes) implements Serializable {
        private static final long serialVersionUID = 1L;

        /** Returns the most tokens of prompt and completion together with a model. */
        int maxContext(Gpt2Config config) {
            return maxContext == null ? config.contextLength() : maxContext;
        }
    }

    /** With the best kernels of the machine where this is called. */
    LoadOptions loadOptions() {
        LoadOptions options = LoadOptions.defaults().withPrecision(precision);
        return activation == null ? options : options.withActivation(activation);
    }

    /**
     * Returns the parameters of a row.
     *
     * @throws IllegalArgumentException if one is out of its range
     */
    GenerationParameters parameters(long seed) {
        GenerationParametersBuilder parameters = GenerationParameters.builder()
                .setSampling(new SamplingParameters(
                        generation.temperature(), generation.topK(), generation.topP(), generation.minP(), 1))
                .setMaxTokens(generation.maxTokens())
                .setMinTokens(generation.minTokens())
                .setPresencePenalty(generation.presencePenalty())
                .setFrequencyPenalty(generation.frequencyPenalty())
                .setRepetitionPenalty(generation.repetitionPenalty())
                .setStopStrings(generation.stop())
                .setChoices(generation.choices())
                .setSeed(seed);
        if (columns.needsScores()) {
            parameters.setLogprobs(0);
        }
        return parameters.build();
    }

    ProviderSettings withModel(String other) {
        return new ProviderSettings(other, precision, activation, generation, limits, overflow, errors, columns);
    }
}
