package io.flinkgpt2.sampling;

import io.flinkgpt2.constraint.ConstraintSource;
import io.flinkgpt2.sampling.StopParameters.RepetitionDetection;
import java.util.List;

/** Sets {@link GenerationParameters} one by one; those not set have the defaults of the records. */
public final class GenerationParametersBuilder {
    private int maxTokens = 16;
    private double temperature = 1;
    private int topK;
    private double topP = 1;
    private double minP;
    private double typicalP = 1;
    private int[] allowedTokenIds = {};
    private List<String> badWords = List.of();
    private int noRepeatNgramSize;
    private double repetitionPenalty = 1;
    private double frequencyPenalty;
    private double presencePenalty;
    private List<String> stopStrings = List.of();
    private int[] stopTokenIds = {};
    private boolean includeStopInOutput;
    private boolean ignoreEndOfText;
    private int minTokens;
    private RepetitionDetection repetition = RepetitionDetection.OFF;
    private int logprobs = ScoreParameters.NONE;
    private int promptLogprobs = ScoreParameters.NONE;
    private int[] labelIds = {};
    private boolean echo;
    private BeamParameters beams;
    private ConstraintSource constraint;
    private int choices = 1;
    private int bestOf;
    private long timeoutMillis;
    private String cacheSalt = "";
    private boolean skipSpecialTokens = true;
    private int[] biasIds = {};
    private float[] biases = {};
    private long seed;

    GenerationParametersBuilder() {}

    /** @param maxTokens maximum number of tokens to generate, 0 or more */
    public GenerationParametersBuilder setMaxTokens(int maxTokens) {
        this.maxTokens = maxTokens;
        return this;
    }

    /** @param temperature 0 or more; 0 always takes the best token */
    public GenerationParametersBuilder setTemperature(double temperature) {
        this.temperature = temperature;
        return this;
    }

    /** @param topK number of best tokens that take part; 0: all */
    public GenerationParametersBuilder setTopK(int topK) {
        this.topK = topK;
        return this;
    }

    /** @param topP share of the probability that the tokens that take part reach, above 0 and at most 1 */
    public GenerationParametersBuilder setTopP(double topP) {
        this.topP = topP;
        return this;
    }

    /** @param minP share of the best token's probability that a token needs to take part, 0..1 */
    public GenerationParametersBuilder setMinP(double minP) {
        this.minP = minP;
        return this;
    }

    /** @param typicalP share of the probability that the most typical tokens reach, above 0 and at most 1 */
    public GenerationParametersBuilder setTypicalP(double typicalP) {
        this.typicalP = typicalP;
        return this;
    }

    /** @param allowedTokenIds the only tokens that may be chosen; empty: all */
    public GenerationParametersBuilder setAllowedTokenIds(int[] allowedTokenIds) {
        this.allowedTokenIds = allowedTokenIds;
        return this;
    }

    /** @param badWords texts that must not be generated */
    public GenerationParametersBuilder setBadWords(List<String> badWords) {
        this.badWords = badWords;
        return this;
    }

    /** @param noRepeatNgramSize length of the sequences that may stand but once; 0: off */
    public GenerationParametersBuilder setNoRepeatNgramSize(int noRepeatNgramSize) {
        this.noRepeatNgramSize = noRepeatNgramSize;
        return this;
    }

    /** @param repetitionPenalty above 0; 1: off */
    public GenerationParametersBuilder setRepetitionPenalty(double repetitionPenalty) {
        this.repetitionPenalty = repetitionPenalty;
        return this;
    }

    /** @param frequencyPenalty -2..2 */
    public GenerationParametersBuilder setFrequencyPenalty(double frequencyPenalty) {
        this.frequencyPenalty = frequencyPenalty;
        return this;
    }

    /** @param presencePenalty -2..2 */
    public GenerationParametersBuilder setPresencePenalty(double presencePenalty) {
        this.presencePenalty = presencePenalty;
        return this;
    }

    /** @param stopStrings texts that end a completion */
    public GenerationParametersBuilder setStopStrings(List<String> stopStrings) {
        this.stopStrings = stopStrings;
        return this;
    }

    /** @param stopTokenIds ids that end a completion */
    public GenerationParametersBuilder setStopTokenIds(int[] stopTokenIds) {
        this.stopTokenIds = stopTokenIds;
        return this;
    }

    /** @param includeStopInOutput whether what ended a completion is part of it */
    public GenerationParametersBuilder setIncludeStopInOutput(boolean includeStopInOutput) {
        this.includeStopInOutput = includeStopInOutput;
        return this;
    }

    /** @param ignoreEndOfText whether end of text is a token like any other */
    public GenerationParametersBuilder setIgnoreEndOfText(boolean ignoreEndOfText) {
        this.ignoreEndOfText = ignoreEndOfText;
        return this;
    }

    /** @param minTokens number of tokens before which nothing but the context ends a completion */
    public GenerationParametersBuilder setMinTokens(int minTokens) {
        this.minTokens = minTokens;
        return this;
    }

    /** @param repetition repetition that ends a completion */
    public GenerationParametersBuilder setRepetition(RepetitionDetection repetition) {
        this.repetition = repetition;
        return this;
    }

    /** @param logprobs number of best tokens to tell at each generated position */
    public GenerationParametersBuilder setLogprobs(int logprobs) {
        this.logprobs = logprobs;
        return this;
    }

    /** @param promptLogprobs number of best tokens to tell at each position of the prompt */
    public GenerationParametersBuilder setPromptLogprobs(int promptLogprobs) {
        this.promptLogprobs = promptLogprobs;
        return this;
    }

    /** @param labelIds tokens to score at each position in place of the best ones */
    public GenerationParametersBuilder setLabelIds(int[] labelIds) {
        this.labelIds = labelIds;
        return this;
    }

    /** @param echo whether log-probabilities of generated tokens are wanted of the prompt's too */
    public GenerationParametersBuilder setEcho(boolean echo) {
        this.echo = echo;
        return this;
    }

    /** @param beams beam search; null: none */
    public GenerationParametersBuilder setBeams(BeamParameters beams) {
        this.beams = beams;
        return this;
    }

    /** @param constraint what the text must match; null: anything */
    public GenerationParametersBuilder setConstraint(ConstraintSource constraint) {
        this.constraint = constraint;
        return this;
    }

    /** @param choices number of completions of each prompt */
    public GenerationParametersBuilder setChoices(int choices) {
        this.choices = choices;
        return this;
    }

    /** @param bestOf number of completions of each prompt from which the best are taken; 0: all are */
    public GenerationParametersBuilder setBestOf(int bestOf) {
        this.bestOf = bestOf;
        return this;
    }

    /** @param timeoutMillis time after which the request ends with what it has; 0: none */
    public GenerationParametersBuilder setTimeoutMillis(long timeoutMillis) {
        this.timeoutMillis = timeoutMillis;
        return this;
    }

    /** @param cacheSalt prefixes are shared with requests of the same salt only */
    public GenerationParametersBuilder setCacheSalt(String cacheSalt) {
        this.cacheSalt = cacheSalt;
        return this;
    }

    /** @param skipSpecialTokens whether special tokens are left out of the text */
    public GenerationParametersBuilder setSkipSpecialTokens(boolean skipSpecialTokens) {
        this.skipSpecialTokens = skipSpecialTokens;
        return this;
    }

    /** @param sampling temperature, top-k, top-p, min-p and typical at once */
    public GenerationParametersBuilder setSampling(SamplingParameters sampling) {
        return setTemperature(sampling.temperature())
                .setTopK(sampling.topK())
                .setTopP(sampling.topP())
                .setMinP(sampling.minP())
                .setTypicalP(sampling.typicalP());
    }

    /**
     * @param ids tokens, without duplicates
     * @param biasOfEach what is added to their logits, -100..100
     */
    public GenerationParametersBuilder setLogitBias(int[] ids, float[] biasOfEach) {
        this.biasIds = ids;
        this.biases = biasOfEach;
        return this;
    }

    /** @param seed seed of the random streams */
    public GenerationParametersBuilder setSeed(long seed) {
        this.seed = seed;
        return this;
    }

    /** @throws IllegalArgumentException if a parameter is out of its range; names it as the records do */
    public GenerationParameters build() {
        return new GenerationParameters(
                new SamplingParameters(temperature, topK, topP, minP, typicalP),
                new LogitsParameters(
                        biasIds,
                        biases,
                        allowedTokenIds,
                        badWords,
                        noRepeatNgramSize,
                        repetitionPenalty,
                        frequencyPenalty,
                        presencePenalty),
                new StopParameters(
                        stopStrings, stopTokenIds, includeStopInOutput, ignoreEndOfText, minTokens, repetition),
                new ScoreParameters(logprobs, promptLogprobs, labelIds, echo),
                beams,
                constraint,
                maxTokens,
                seed,
                choices,
                bestOf,
                timeoutMillis,
                cacheSalt,
                skipSpecialTokens);
    }
}
