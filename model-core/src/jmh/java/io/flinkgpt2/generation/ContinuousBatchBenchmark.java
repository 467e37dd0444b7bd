package io.flinkgpt2.generation;

import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.GenerationParameters;
import java.io.IOException;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Generation in a batch: {@code decode} is a step in which all sequences decode, {@code sharedPrefix} a number of prompts
 * that begin alike, with the prefix cache and without. {@code generatedTokens} and {@code promptTokens} are by the second.
 * Another model: {@code -p model=DIR}.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@State(Scope.Thread)
public class ContinuousBatchBenchmark {

    private static final int FIRST_ORDINARY_ID = 1_000;
    private static final int ORDINARY_IDS = 40_000;

    @Param("../deploy/models/fairytales")
    String model;

    private Pretrained pretrained;

    @Setup
    public void load() throws IOException {
        pretrained = Pretrained.open(Path.of(model));
    }

    private ContinuousBatch batch(BatchOptions options) {
        return new ContinuousBatch(pretrained.model(), pretrained.tokenizer(), options);
    }

    /** Tokens, reported by the second. */
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    @State(Scope.Thread)
    public static class Tokens {
        public long generatedTokens;
        public long promptTokens;

        private long generatedBefore;
        private long promptBefore;

        void start(BatchMetrics metrics) {
            generatedBefore = metrics.generatedTokens();
            promptBefore = metrics.promptTokens();
        }

        void stop(BatchMetrics metrics) {
            generatedTokens += metrics.generatedTokens() - generatedBefore;
            promptTokens += metrics.promptTokens() - promptBefore;
        }
    }

    /** A batch that is full of decoding sequences. */
    @State(Scope.Thread)
    public static class Decoding {
        @Param({"1", "8", "32"})
        int batchSize;

        private final SplittableRandom random = new SplittableRandom(1);
        private ContinuousBatch batch;

        @Setup
        public void fill(ContinuousBatchBenchmark benchmark) {
            int maxContext = benchmark.pretrained.config().contextLength();
            BatchOptions options = BatchOptions.roomy(benchmark.pretrained.config(), maxContext, batchSize, 128);
            batch = benchmark.batch(options.withPrefixCacheBytes(0));
        }

        private void step() {
            while (!batch.isFull()) {
                int[] prompt = {FIRST_ORDINARY_ID + random.nextInt(ORDINARY_IDS)};
                batch.submit(prompt, GenerationParameters.greedy(128), 0);
            }
            batch.step();
            while (batch.poll() != null) {
                // the place is filled before the next step
            }
        }
    }

    /** Prompts of shared tokens and a few of their own. */
    @State(Scope.Thread)
    public static class Shared {
        @Param({"true", "false"})
        boolean prefixCache;

        @Param("256")
        int prompts;

        @Param("200")
        int sharedTokens;

        @Param("8")
        int ownTokens;

        @Param("16")
        int maxTokens;

        private ContinuousBatch batch;

        /** With nothing in its prefix cache. */
        @Setup(Level.Invocation)
        public void empty(ContinuousBatchBenchmark benchmark) {
            int maxContext = sharedTokens + ownTokens + maxTokens;
            BatchOptions options = BatchOptions.roomy(benchmark.pretrained.config(), maxContext, 32, 128);
            batch = benchmark.batch(prefixCache ? options : options.withPrefixCacheBytes(0));
            SplittableRandom random = new SplittableRandom(1);
            int[] prompt = ids(random, sharedTokens + ownTokens);
            for (int i = 0; i < prompts; i++) {
                System.arraycopy(ids(random, ownTokens), 0, prompt, sharedTokens, ownTokens);
                batch.submit(prompt.clone(), GenerationParameters.greedy(maxTokens), 0);
            }
        }

        private static int[] ids(SplittableRandom random, int n) {
            return random.ints(n, FIRST_ORDINARY_ID, FIRST_ORDINARY_ID + ORDINARY_IDS)
                    .toArray();
        }

        @TearDown(Level.Invocation)
        public void forget() {
            batch = null;
        }
    }

    @Benchmark
    public void decode(Decoding decoding, Tokens tokens) {
        tokens.start(decoding.batch.metrics());
        decoding.step();
        tokens.stop(decoding.batch.metrics());
    }

    @Benchmark
    public void sharedPrefix(Shared shared, Tokens tokens) {
        tokens.start(shared.batch.metrics());
        while (shared.batch.step()) {
            // until all have ended
        }
        tokens.stop(shared.batch.metrics());
    }
}
