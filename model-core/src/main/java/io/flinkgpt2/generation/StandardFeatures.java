package io.flinkgpt2.generation;

import io.flinkgpt2.constraint.ConstraintCompiler;
import io.flinkgpt2.constraint.ConstraintSource;
import io.flinkgpt2.constraint.InvalidConstraintException;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.sampling.LogitsProcessor;
import io.flinkgpt2.sampling.LogitsProcessors;
import io.flinkgpt2.sampling.StopParameters;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** The features that the records offer, for one model. */
final class StandardFeatures implements SequenceFeatures {

    private final Gpt2Config config;
    private final Tokenizer tokenizer;
    private final Supplier<ConstraintCompiler> constraints;

    StandardFeatures(Gpt2Config config, Tokenizer tokenizer, Supplier<ConstraintCompiler> constraints) {
        this.config = config;
        this.tokenizer = tokenizer;
        this.constraints = constraints;
    }

    @Override
    public int vocabularySize() {
        return config.vocabularySize();
    }

    @Override
    public List<LogitsProcessor> processors(GenerationParameters parameters, int[] promptTokenIds, int maxLength) {
        int[] ending = new EndingTokens(config, parameters.stop()).ids();
        return LogitsProcessors.of(
                parameters.logits(),
                parameters.stop().minTokens(),
                ending,
                promptTokenIds,
                badWords(parameters.logits().badWords()),
                constraint(parameters.constraint(), ending),
                maxLength,
                config.vocabularySize());
    }

    /** Returns the ids of each word, as it is and with a space before it; those that the model never generates are left out. */
    private List<int[]> badWords(List<String> words) {
        return words.stream()
                .flatMap(word -> Stream.of(word, " " + word.stripLeading()))
                .distinct()
                .map(tokenizer::encode)
                .filter(ids -> Arrays.stream(ids).allMatch(id -> id < config.vocabularySize()))
                .toList();
    }

    private LogitsProcessor constraint(ConstraintSource source, int[] endingIds) {
        if (source == null) {
            return null;
        }
        try {
            return new ConstraintProcessor(constraints.get().compile(source), endingIds);
        } catch (InvalidConstraintException e) {
            throw new IllegalArgumentException("structured_outputs: " + e.getMessage(), e);
        }
    }

    @Override
    public List<StopCriteria> stopCriteria(GenerationParameters parameters) {
        StopParameters stop = parameters.stop();
        List<StopCriteria> criteria = new ArrayList<>(1);
        EndingTokens ending = new EndingTokens(config, stop);
        if (!ending.isEmpty()) {
            criteria.add(ending);
        }
        if (!stop.strings().isEmpty()) {
            criteria.add(new StopStrings(stop, tokenizer.streamingDecoder(parameters.skipSpecialTokens())));
        }
        if (parameters.constraint() != null) {
            criteria.add(new ConstraintProcessor.End());
        }
        if (stop.repetition().isOn()) {
            criteria.add(new RepetitionCriterion(stop.repetition(), stop.minTokens()));
        }
        return criteria;
    }
}
