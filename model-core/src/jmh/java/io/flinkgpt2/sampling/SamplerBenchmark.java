package io.flinkgpt2.sampling;

import io.flinkgpt2.tensor.Kernels;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Choosing a token from the logits of GPT-2's vocabulary, by each setting, with each processor, and with scores. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@State(Scope.Thread)
public class SamplerBenchmark {

    private static final int VOCABULARY = 50257;
    private static final int PADDED_VOCABULARY = (VOCABULARY + 63) / 64 * 64;

    /** Tokens of the prompt, and as many generated ones. */
    private static final int TOKENS = 500;

    /** A setting of the sampler, or a feature that is added to greedy decoding. */
    @Param({
        "greedy",
        "temperature",
        "top-k 40",
        "top-k 1000",
        "top-p 0.9",
        "top-k 40, top-p 0.9",
        "min-p 0.05",
        "typical 0.9",
        "bias",
        "allowed ids",
        "bad words",
        "n-grams",
        "repetition penalty",
        "frequency penalty",
        "min tokens",
        "scores",
        "scores, repetition penalty",
        "beams of 4"
    })
    String asked;

    private final float[] logits = new float[PADDED_VOCABULARY];
    private final Sampler sampler = new Sampler(Kernels.best(), VOCABULARY);
    private final BeamCandidates beams = new BeamCandidates(Kernels.best(), VOCABULARY);
    private TokenScores scores;
    private TokenScores noScores;
    private LogitsProcessor[] processors;
    private GenerationParameters request;
    private int step;

    @Setup(Level.Trial)
    public void setUp() {
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < VOCABULARY; i++) {
            logits[i] = (float) (random.nextDouble() * 20 - 10);
        }
        int[] some = random.ints(TOKENS, 0, VOCABULARY).toArray();
        int[] few = random.ints(20, 0, VOCABULARY).distinct().toArray();
        GenerationParametersBuilder builder =
                GenerationParameters.builder().setSeed(1).setTemperature(0);
        int minTokens = 0;
        List<int[]> badWords = List.of();
        switch (asked) {
            case "temperature" -> builder.setTemperature(1);
            case "top-k 40" -> builder.setTemperature(1).setTopK(40);
            case "top-k 1000" -> builder.setTemperature(1).setTopK(1000);
            case "top-p 0.9" -> builder.setTemperature(1).setTopP(0.9);
            case "top-k 40, top-p 0.9" -> builder.setTemperature(1).setTopK(40).setTopP(0.9);
            case "min-p 0.05" -> builder.setTemperature(1).setMinP(0.05);
            case "typical 0.9" -> builder.setTemperature(1).setTypicalP(0.9);
            case "bias" -> builder.setLogitBias(few, new float[few.length]);
            case "allowed ids" -> builder.setAllowedTokenIds(some);
            case "bad words" -> badWords = List.of(few, new int[] {few[0]}, some);
            case "n-grams" -> builder.setNoRepeatNgramSize(3);
            case "repetition penalty", "scores, repetition penalty" -> builder.setRepetitionPenalty(1.0000001);
            case "frequency penalty" -> builder.setFrequencyPenalty(1e-9);
            case "min tokens" -> minTokens = Integer.MAX_VALUE;
            default -> {
                // nothing but the model's logits
            }
        }
        request = builder.build();
        processors = LogitsProcessors.of(request.logits(), minTokens, few, some, badWords, null, 2 * TOKENS, VOCABULARY)
                .toArray(LogitsProcessor[]::new);
        for (LogitsProcessor processor : processors) {
            for (int id : some) {
                processor.accept(id);
            }
        }
        scores = asked.startsWith("scores") ? new TokenScores(1, 5, new int[0]) : null;
        noScores = new TokenScores(1, 5, new int[0]);
    }

    @Benchmark
    public int sample() {
        if (asked.startsWith("beams")) {
            beams.select(logits, 0, processors, 8, 0);
            return beams.tokenId(7);
        }
        if (scores != null) {
            scores.copyFrom(noScores);
        }
        return sampler.sample(logits, 0, processors, request, 0, step++, scores).id();
    }
}
