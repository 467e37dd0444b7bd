package io.flinkgpt2.benchmark;

import io.flinkgpt2.pretrained.Pretrained;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The throughput of requests that use a field of the records, as a ratio to that of the same requests without it. All of them
 * generate the same number of tokens, so that only the cost of the field differs.
 */
public final class FeatureScenario {

    /**
     * Medians of the repeats.
     *
     * @param plain the run without the feature with the median time
     * @param used the run with it with the median time
     * @param ratio generated tokens a second with the feature over those without, over the whole run; the median over the
     *     repeats, each of which ran one right after the other
     * @param decodeRatio the same while no prompt was computed; NaN without such steps
     */
    public record Result(Feature feature, EngineRun plain, EngineRun used, double ratio, double decodeRatio) {}

    /** The runs of one feature, and those without it right before each. */
    private static final class Turns {
        private final List<EngineRun> plain = new ArrayList<>();
        private final List<EngineRun> used = new ArrayList<>();
    }

    private final Pretrained pretrained;
    private final Workload workload;
    private final Engine plainEngine;
    private final Engine cachingEngine;
    /** Checksums of the ids of each feature's requests, with the feature and without. */
    private final Map<Feature, String> checksums = new EnumMap<>(Feature.class);

    private final Map<Feature, String> plainChecksums = new EnumMap<>(Feature.class);

    private FeatureScenario(Pretrained pretrained, Workload workload, Engine plainEngine, Engine cachingEngine) {
        this.pretrained = pretrained;
        this.workload = workload;
        this.plainEngine = plainEngine;
        this.cachingEngine = cachingEngine;
    }

    /** Returns the most tokens of prompt and completion together that the scenario needs of a model. */
    public static int context(Workload workload) {
        return Arrays.stream(Feature.values())
                .mapToInt(feature -> feature.promptTokens(workload) + workload.newTokens())
                .max()
                .orElseThrow();
    }

    /**
     * Measures all features: each {@code repeats} times in turns with the same requests without it, after a run of both that
     * is thrown away.
     *
     * @param options of one engine; whether it has a prefix cache is the feature's affair
     * @param workload of the features; {@link Feature#CHOICES} has longer prompts
     * @throws IllegalArgumentException if the model takes token ids only, or its context is too short
     * @throws IllegalStateException if a request ends early, a repeat gives other ids than the one before, or a feature that must
     *     not change the ids changes them
     */
    public static List<Result> run(Pretrained pretrained, EngineOptions options, Workload workload, int repeats) {
        try (Engine plain = engine(pretrained, options, false, workload);
                Engine caching = engine(pretrained, options, true, workload)) {
            return new FeatureScenario(pretrained, workload, plain, caching).run(repeats);
        }
    }

    private static Engine engine(Pretrained pretrained, EngineOptions options, boolean cache, Workload workload) {
        EngineOptions with =
                new EngineOptions(1, options.threads(), options.batchSize(), options.prefillChunk(), cache);
        return new Engine(pretrained, with, context(workload));
    }

    private List<Result> run(int repeats) {
        Map<Feature, Turns> turns = new EnumMap<>(Feature.class);
        // All of them before any is measured: the compiler then has seen what all of them do.
        for (Feature feature : Feature.values()) {
            turns.put(feature, new Turns());
            once(feature, false);
            once(feature, true);
            requireSameIds(feature);
        }
        for (int i = 0; i < repeats; i++) {
            turns.forEach((feature, of) -> {
                of.plain.add(once(feature, false));
                of.used.add(once(feature, true));
            });
        }
        return turns.entrySet().stream()
                .map(entry -> result(entry.getKey(), entry.getValue()))
                .toList();
    }

    private EngineRun once(Feature feature, boolean used) {
        Engine engine = feature.usesPrefixCache() ? cachingEngine : plainEngine;
        engine.forget();
        EngineRun run = engine.run(feature.requests(workload, pretrained, used));
        String name = (used ? "requests with " : "requests without ") + feature.label();
        long expected = (long) run.ids().size() * workload.newTokens();
        if (run.generatedTokens() != expected) {
            throw new IllegalStateException(name + ": found " + run.generatedTokens() + " generated tokens, expected "
                    + expected + "; some ended early, so there is nothing to compare");
        }
        String checksum = run.idsSha256();
        String before = (used ? checksums : plainChecksums).putIfAbsent(feature, checksum);
        if (before != null && !before.equals(checksum)) {
            throw new IllegalStateException(
                    name + ": found other ids than in the run before, expected the same ones for the"
                            + " same requests; what was measured is wrong");
        }
        return run;
    }

    private void requireSameIds(Feature feature) {
        if (!feature.changesIds() && !checksums.get(feature).equals(plainChecksums.get(feature))) {
            throw new IllegalStateException(feature.label()
                    + ": found other ids than without it, expected the same ones;" + " what was measured is wrong");
        }
    }

    private static Result result(Feature feature, Turns turns) {
        double[] ratios = new double[turns.used.size()];
        double[] decodeRatios = new double[ratios.length];
        for (int i = 0; i < ratios.length; i++) {
            EngineRun plain = turns.plain.get(i);
            EngineRun used = turns.used.get(i);
            ratios[i] = used.tokensPerSecond() / plain.tokensPerSecond();
            decodeRatios[i] = used.decodeTokensPerSecond() / plain.decodeTokensPerSecond();
        }
        return new Result(
                feature,
                EngineRun.median(turns.plain.stream()),
                EngineRun.median(turns.used.stream()),
                median(ratios),
                median(decodeRatios));
    }

    /** Returns the median; of an even number, the lesser of the middle two. */
    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[(sorted.length - 1) / 2];
    }
}
