package io.flinkgpt2.sampling;

import io.flinkgpt2.tensor.Kernels;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Choosing a token from the logits of GPT-2's vocabulary. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@State(Scope.Thread)
public class SamplerBenchmark {

    private static final int VOCABULARY = 50257;
    private static final int PADDED_VOCABULARY = (VOCABULARY + 63) / 64 * 64;

    private static final LogitsProcessor[] NO_PROCESSORS = {};

    /** Temperature, top-k and top-p. */
    @Param({"0 0 1", "1 0 1", "1 40 1", "1 0 0.9"})
    String parameters;

    private final float[] logits = new float[PADDED_VOCABULARY];
    private final Sampler sampler = new Sampler(Kernels.best(), VOCABULARY);
    private GenerationParameters request;
    private int step;

    @Setup
    public void setUp() {
        String[] parts = parameters.split(" ");
        request = GenerationParameters.builder()
                .setTemperature(Double.parseDouble(parts[0]))
                .setTopK(Integer.parseInt(parts[1]))
                .setTopP(Double.parseDouble(parts[2]))
                .setSeed(1)
                .build();
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < VOCABULARY; i++) {
            logits[i] = (float) (random.nextDouble() * 20 - 10);
        }
    }

    @Benchmark
    public int sample() {
        return sampler.sample(logits, 0, NO_PROCESSORS, request, 0, step++).id();
    }
}
