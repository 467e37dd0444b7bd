package io.flinkgpt2.benchmark;

import io.flinkgpt2.generation.Pretrained;
import io.flinkgpt2.model.Activations;
import io.flinkgpt2.model.AttentionPass;
import io.flinkgpt2.model.KvBlocks;
import io.flinkgpt2.model.KvCache;
import io.flinkgpt2.tensor.Workers;
import java.util.Arrays;

/** The attention of a decode step in which all sequences stand at the same, late position. */
public final class AttentionScenario {

    /** Runs before the measured ones: enough for the compiler, since each calls the kernels many times. */
    private static final int WARM_UP = 3;

    private AttentionScenario() {}

    /**
     * Medians at one position.
     *
     * @param position of the queries; each attends to one position more
     * @param bytes keys and values read in a step
     * @param attentionSeconds the attention of all layers
     * @param stepSeconds the whole decode step, attention included
     */
    public record Result(int position, long bytes, double attentionSeconds, double stepSeconds) {
        /** Keys and values read by the attention, in 10^9 bytes a second. */
        public double readGbPerSecond() {
            return bytes / attentionSeconds * 1e-9;
        }

        /** The attention's share of the step. */
        public double shareOfStep() {
            return attentionSeconds / stepSeconds;
        }
    }

    /**
     * Measures one position.
     *
     * @param streams sequences, 1 or more
     * @param position 0 or more, below {@code n_positions}
     * @param threads that share the step, 1 or more
     */
    public static Result run(Pretrained pretrained, int streams, int position, int threads, int repeats) {
        int positions = position + 1;
        long bytes = (long) streams * KvBlocks.blocksFor(positions) * KvBlocks.blockBytes(pretrained.config());
        KvBlocks pool = new KvBlocks(pretrained.config(), bytes);
        KvCache[] caches = new KvCache[streams];
        Arrays.setAll(caches, i -> new KvCache(pool, positions));
        try (Workers workers = new Workers(threads)) {
            Activations activations = new Activations(pretrained.config(), streams, streams, positions, workers);
            AttentionPass pass = new AttentionPass(pretrained.model(), activations, caches, position);
            double attention = median(repeats, pass::run);
            double step = median(repeats, () -> {
                pass.rewind();
                pretrained.model().forward(pass.batch(), activations);
            });
            return new Result(position, pass.bytesRead(), attention, step);
        }
    }

    private static double median(int repeats, Runnable work) {
        double[] seconds = new double[repeats];
        for (int i = -WARM_UP; i < repeats; i++) {
            long start = System.nanoTime();
            work.run();
            if (i >= 0) {
                seconds[i] = (System.nanoTime() - start) * 1e-9;
            }
        }
        Arrays.sort(seconds);
        return seconds[repeats / 2];
    }
}
