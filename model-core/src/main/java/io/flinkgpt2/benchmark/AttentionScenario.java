package io.flinkgpt2.benchmark;

import io.flinkgpt2.model.AttentionPass;
import io.flinkgpt2.model.ForwardState;
import io.flinkgpt2.model.KvBlocks;
import io.flinkgpt2.model.KvCache;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.tensor.Workers;
import java.util.Arrays;

/** The attention of a decode step in which all sequences stand at the same, late position. */
public final class AttentionScenario {

    /** Runs before the measured ones: enough for the compiler, since each calls the kernels many times. */
    private static final int WARM_UP = 3;

    /** Readings of the memory in each form before and after each run: some hundredths of a second, as long as a run. */
    private static final int LIMIT_READS = 2;

    private AttentionScenario() {}

    /**
     * Medians at one position.
     *
     * @param position of the queries; each attends to one position more
     * @param bytes keys and values read in a step
     * @param attentionSeconds the attention of all layers
     * @param stepSeconds the whole decode step, attention included
     * @param shareOfBandwidth of what the memory gave right before and right after a run, the mean of both: what it gives
     *     changes within a measurement
     */
    public record Result(
            int position, long bytes, double attentionSeconds, double stepSeconds, double shareOfBandwidth) {
        /** Keys and values read by the attention, in 10^9 bytes a second. */
        public double readGbPerSecond() {
            return bytes / attentionSeconds * 1e-9;
        }

        /** Returns the attention's share of the step. */
        public double shareOfStep() {
            return attentionSeconds / stepSeconds;
        }
    }

    /**
     * Measures one position.
     *
     * @param streams sequences, 1 or more
     * @param position 0 or more, below {@code n_positions}
     * @param limit of as many threads as share the step
     */
    public static Result run(
            Pretrained pretrained, int streams, int position, int threads, ReadLimit limit, int repeats) {
        int positions = position + 1;
        long bytes = (long) streams * KvBlocks.blocksFor(positions) * KvBlocks.blockBytes(pretrained.config());
        KvBlocks pool = new KvBlocks(pretrained.config(), bytes);
        KvCache[] caches = new KvCache[streams];
        Arrays.setAll(caches, i -> new KvCache(pool, positions));
        try (Workers workers = new Workers(threads)) {
            ForwardState state = new ForwardState(pretrained.model(), streams, streams, positions, workers);
            AttentionPass pass = new AttentionPass(pretrained.model(), state, caches, position);
            double[] attention = new double[repeats];
            double[] shares = new double[repeats];
            double[] steps = new double[repeats];
            for (int i = -WARM_UP; i < repeats; i++) {
                double before = limit.measureSustained(LIMIT_READS);
                double seconds = seconds(pass::run);
                double given = (before + limit.measureSustained(LIMIT_READS)) / 2;
                pass.rewind();
                double step = seconds(() -> pretrained.model().forward(pass.batch(), state));
                if (i >= 0) {
                    attention[i] = seconds;
                    shares[i] = pass.bytesRead() / seconds * 1e-9 / given;
                    steps[i] = step;
                }
            }
            return new Result(position, pass.bytesRead(), median(attention), median(steps), median(shares));
        }
    }

    private static double seconds(Runnable work) {
        long start = System.nanoTime();
        work.run();
        return (System.nanoTime() - start) * 1e-9;
    }

    private static double median(double[] values) {
        Arrays.sort(values);
        return values[values.length / 2];
    }
}
