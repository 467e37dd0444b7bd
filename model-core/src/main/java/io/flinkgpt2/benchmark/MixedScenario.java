package io.flinkgpt2.benchmark;

import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.pretrained.Pretrained;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Requests of mixed lengths that arrive over time, by continuous batching and by static batching. Prompts have
 * {@value #LEAST_PROMPT} to {@value #MOST_PROMPT} tokens, outputs {@value #LEAST_OUTPUT} to {@value #MOST_OUTPUT}, all as
 * likely. They arrive at random, faster than they can be completed: in about half the time that continuous batching takes.
 *
 * <p>Static batching takes waiting requests whenever it is idle, the shortest prompts first, and computes them to the end
 * before it takes others. Its batch size is the one of several with which it completes the first half of the requests
 * soonest. It is measured in two forms:
 *
 * <ul>
 *   <li>padded: prompts are padded to the longest of the batch, and all rows are computed until the longest output has
 *       ended, as a tensor of fixed shape makes it; the answers come when the batch has ended.
 *   <li>leaving: nothing is padded, and each sequence leaves when it has ended; nobody takes its place before the batch has
 *       ended.
 * </ul>
 */
public final class MixedScenario {

    static final int LEAST_PROMPT = 5;
    static final int MOST_PROMPT = 200;
    static final int LEAST_OUTPUT = 8;
    static final int MOST_OUTPUT = 128;

    /** A way of batching that is compared. */
    public enum Batching {
        CONTINUOUS,
        STATIC_PADDED,
        STATIC_LEAVING
    }

    /**
     * The repeat with the median time.
     *
     * @param batchSize the most sequences together; of static batching, the best
     * @param seconds from the first arrival to the last answer
     * @param generatedTokens tokens that were asked for, padding left out
     * @param latencyP50 the median over requests of the time from its arrival to its answer, in seconds
     * @param latencyP95 the 95th percentile
     */
    public record Result(
            Batching batching,
            int batchSize,
            double seconds,
            long generatedTokens,
            double latencyP50,
            double latencyP95) {
        /** Returns the number of tokens that were asked for, a second. */
        public double tokensPerSecond() {
            return generatedTokens / seconds;
        }
    }

    private final Pretrained pretrained;
    private final EngineOptions options;
    private final List<BenchRequest> requests;
    private final double[] gaps;

    /**
     * @param options of one engine; its batch size is that of continuous batching
     * @param count requests, 1 or more
     * @throws IllegalArgumentException if the model's context is too short for such requests
     */
    public MixedScenario(Pretrained pretrained, EngineOptions options, int count, long seed) {
        Gpt2Config config = pretrained.config();
        if (config.contextLength() < MOST_PROMPT + MOST_OUTPUT) {
            throw new IllegalArgumentException("the model's context: found " + config.contextLength()
                    + ", expected at least " + (MOST_PROMPT + MOST_OUTPUT) + " for the requests of mixed lengths");
        }
        this.pretrained = pretrained;
        this.options = options;
        this.requests = new ArrayList<>();
        this.gaps = new double[count];
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < count; i++) {
            int prompt = random.nextInt(LEAST_PROMPT, MOST_PROMPT + 1);
            int output = random.nextInt(LEAST_OUTPUT, MOST_OUTPUT + 1);
            requests.add(BenchRequest.greedy(Workload.ids(random, prompt, config), output));
            // Exponentially distributed with a mean of 1: arrivals that know nothing of each other.
            gaps[i] = i == 0 ? 0 : -StrictMath.log(1 - random.nextDouble());
        }
    }

    /**
     * Measures the three. Each is run {@code repeats} times, after a run that warms up or, of static batching, runs that find
     * the best batch size.
     *
     * @param staticBatchSizes the batch sizes that static batching may choose from
     */
    public List<Result> run(List<Integer> staticBatchSizes, int repeats) {
        List<Result> results = new ArrayList<>();
        // Without waiting for arrivals first, for the time that it takes sets the pace of the arrivals.
        double seconds = once(Batching.CONTINUOUS, options.batchSize(), requests, new long[requests.size()])
                .seconds();
        long[] arrivals = arrivals(0.5 * seconds / requests.size());
        results.add(median(Batching.CONTINUOUS, options.batchSize(), arrivals, repeats));
        List<BenchRequest> firstHalf = requests.subList(0, (requests.size() + 1) / 2);
        for (Batching batching : List.of(Batching.STATIC_PADDED, Batching.STATIC_LEAVING)) {
            int best = staticBatchSizes.stream()
                    .map(size -> once(batching, size, firstHalf, arrivals))
                    .max(Comparator.comparingDouble(Result::tokensPerSecond))
                    .orElseThrow()
                    .batchSize();
            results.add(median(batching, best, arrivals, repeats));
        }
        return results;
    }

    /** Nanoseconds from the start to each arrival. */
    private long[] arrivals(double meanSeconds) {
        long[] arrivals = new long[gaps.length];
        double sum = 0;
        for (int i = 0; i < gaps.length; i++) {
            sum += gaps[i] * meanSeconds;
            arrivals[i] = (long) (sum * 1e9);
        }
        return arrivals;
    }

    private Result median(Batching batching, int batchSize, long[] arrivals, int repeats) {
        List<Result> results = new ArrayList<>();
        for (int i = 0; i < repeats; i++) {
            results.add(once(batching, batchSize, requests, arrivals));
        }
        results.sort(Comparator.comparingDouble(Result::seconds));
        return results.get(repeats / 2);
    }

    private Result once(Batching batching, int batchSize, List<BenchRequest> work, long[] arrivals) {
        EngineOptions with = new EngineOptions(1, options.threads(), batchSize, options.prefillChunk(), false);
        try (Engine engine = new Engine(pretrained, with, MOST_PROMPT + MOST_OUTPUT)) {
            MixedRun run = new MixedRun(engine.batch(), work, Arrays.copyOf(arrivals, work.size()));
            double seconds = batching == Batching.CONTINUOUS
                    ? run.continuous()
                    : run.inBatches(batchSize, batching == Batching.STATIC_PADDED);
            long tokens = work.stream()
                    .mapToLong(request -> request.parameters().maxTokens())
                    .sum();
            return new Result(batching, batchSize, seconds, tokens, run.latency(0.5), run.latency(0.95));
        }
    }
}
