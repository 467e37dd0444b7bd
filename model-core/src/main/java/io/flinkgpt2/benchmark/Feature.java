package io.flinkgpt2.benchmark;

import io.flinkgpt2.constraint.ConstraintSource;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.sampling.GenerationParametersBuilder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A use of the records' fields whose cost is measured, beside greedy requests for as many tokens. */
public enum Feature {
    TOP_P("top_p 0.9"),
    LOGPROBS("logprobs 5"),
    /** Presence, frequency and repetition penalty, and {@code no_repeat_ngram_size}. */
    PENALTIES("all penalties"),
    /** A stop string that never occurs. */
    STOP("a stop string"),
    /** A JSON schema of an object whose strings take more tokens than are generated. */
    CONSTRAINT("a JSON schema"),
    /** Four choices of a prompt, beside four requests of that prompt. */
    CHOICES("n 4"),
    CHOICES_WITH_PREFIX_CACHE("n 4, prefix cache on");

    /** Choices of a request with several. */
    static final int CHOICE_COUNT = 4;

    /** A prompt with several choices is so many times as long as the others. */
    private static final int LONGER = 4;

    private static final String NEVER = "### No text has this line. ###";

    private final String label;

    Feature(String label) {
        this.label = label;
    }

    /** Returns the name that people read. */
    public String label() {
        return label;
    }

    /** Returns the name that programs read. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    private boolean hasChoices() {
        return this == CHOICES || this == CHOICES_WITH_PREFIX_CACHE;
    }

    boolean usesPrefixCache() {
        return this == CHOICES_WITH_PREFIX_CACHE;
    }

    /** Returns whether other tokens are generated with it than without. */
    boolean changesIds() {
        return this == TOP_P || this == PENALTIES || this == CONSTRAINT;
    }

    /** Returns the tokens of each prompt. */
    int promptTokens(Workload workload) {
        return hasChoices() ? LONGER * workload.promptTokens() : workload.promptTokens();
    }

    /**
     * Returns the requests that are compared: those that use it, or those that do not. Requests with several choices have as many
     * sequences together as the workload has streams, rounded down to whole requests, but one request at least.
     */
    List<BenchRequest> requests(Workload workload, Pretrained pretrained, boolean used) {
        int streams = hasChoices() ? Math.max(1, workload.streams() / CHOICE_COUNT) : workload.streams();
        Workload prompts = new Workload(streams, promptTokens(workload), workload.newTokens(), 0, workload.seed());
        List<BenchRequest> requests = new ArrayList<>();
        for (BenchRequest plain : prompts.requests(pretrained.config())) {
            if (used) {
                requests.add(new BenchRequest(plain.promptTokenIds(), parameters(workload.newTokens())));
            } else {
                requests.addAll(Collections.nCopies(hasChoices() ? CHOICE_COUNT : 1, plain));
            }
        }
        return requests;
    }

    private GenerationParameters parameters(int newTokens) {
        GenerationParametersBuilder builder = BenchRequest.greedy(newTokens);
        return switch (this) {
            case TOP_P -> builder.setTemperature(1).setTopP(0.9).build();
            case LOGPROBS -> builder.setLogprobs(5).build();
            case PENALTIES ->
                builder.setPresencePenalty(0.5)
                        .setFrequencyPenalty(0.5)
                        .setRepetitionPenalty(1.2)
                        .setNoRepeatNgramSize(3)
                        .build();
            case STOP -> builder.setStopStrings(List.of(NEVER)).build();
            case CONSTRAINT ->
                builder.setConstraint(ConstraintSource.jsonSchema(schema(newTokens)))
                        .build();
            case CHOICES, CHOICES_WITH_PREFIX_CACHE ->
                builder.setChoices(CHOICE_COUNT).build();
        };
    }

    /** Returns a schema with as many strings as tokens: no token spells a whole property, so no text is complete before. */
    private static String schema(int newTokens) {
        List<String> names = IntStream.range(0, newTokens)
                .mapToObj(i -> "\"property_" + i + "\"")
                .toList();
        return names.stream()
                .map(name -> name + ":{\"type\":\"string\"}")
                .collect(Collectors.joining(
                        ",",
                        "{\"type\":\"object\",\"properties\":{",
                        "},\"required\":[" + String.join(",", names) + "],\"additionalProperties\":false}"));
    }
}
