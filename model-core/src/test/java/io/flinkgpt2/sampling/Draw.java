package io.flinkgpt2.sampling;

/** One draw of a sampler, with its parameters in the order of a test's needs. */
final class Draw {
    private static final LogitsProcessor[] NO_PROCESSORS = {};

    private Draw() {}

    static int id(
            Sampler sampler, float[] logits, int offset, SamplingParameters sampling, long seed, int choice, int step) {
        GenerationParameters parameters = GenerationParameters.builder()
                .setSampling(sampling)
                .setMaxTokens(1)
                .setSeed(seed)
                .setChoices(choice + 1)
                .build();
        return sampler.sample(logits, offset, NO_PROCESSORS, parameters, choice, step)
                .id();
    }
}
