package io.flinkgpt2.model;

import static io.flinkgpt2.model.KvCache.BLOCK_POSITIONS;

import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.tensor.Workers;
import java.util.Arrays;

/**
 * The attention of one layer: each row's query over the positions up to its own, neighbouring heads at once. Threads take
 * rows of their own, or heads of a row. Set and run again for each layer.
 */
final class AttentionStep implements Workers.Task {

    private final Gpt2Config config;
    /** Scores of one row against all positions, {@code [heads, positions]}, for each thread. */
    private final float[][] scores;

    private final int maxPositions;
    private final int scoresStride;
    /** For the kernel of the scores, for each thread. */
    private final float[][] scratch;

    private Kernels kernels;
    private RaggedBatch batch;
    private ForwardState state;
    private int layer;
    private ForwardObserver observer;

    AttentionStep(Gpt2Config config, int maxPositions, int threads) {
        this.config = config;
        this.maxPositions = (int) (((long) maxPositions + BLOCK_POSITIONS - 1) / BLOCK_POSITIONS * BLOCK_POSITIONS);
        // A little more: 4 kB apart, the scores of all heads for a position would share one set of a cache.
        this.scoresStride = this.maxPositions + Kernels.KEY_STRIPE;
        this.scores = new float[threads][Math.multiplyExact(config.headCount(), scoresStride)];
        this.scratch = new float[threads][Kernels.scoresScratch(config.headCount(), config.headSize())];
    }

    /** The most positions of a sequence. */
    int maxPositions() {
        return maxPositions;
    }

    /** {@code attended [rows, n_embd] = softmax(q k) v}, each row over positions 0..its own. */
    AttentionStep of(
            Kernels with, RaggedBatch rows, ForwardState scratch, int layerIndex, ForwardObserver observerOrNull) {
        this.kernels = with;
        this.batch = rows;
        this.state = scratch;
        this.layer = layerIndex;
        this.observer = observerOrNull;
        return this;
    }

    @Override
    public void run(int part, int parts) {
        int heads = config.headCount();
        long units = (long) batch.size() * heads;
        int unit = (int) (units * part / parts);
        int end = (int) (units * (part + 1) / parts);
        while (unit < end) {
            int row = unit / heads;
            int firstHead = unit % heads;
            int endHead = Math.min(heads, firstHead + end - unit);
            attend(row, firstHead, endHead - firstHead, scores[part], scratch[part]);
            unit += endHead - firstHead;
        }
    }

    private void attend(int row, int firstHead, int heads, float[] s, float[] scratchFloats) {
        KvCache cache = batch.cache(row);
        int position = batch.position(row);
        int headSize = config.headSize();
        kernels.attentionScores(
                s,
                scoresStride,
                state.qkv,
                row * state.qkvStride + firstHead * headSize,
                cache.blocks(),
                cache.keysOffset(layer),
                config.headCount(),
                firstHead,
                heads,
                headSize,
                position + 1,
                cache.closedPositions(layer, position + 1),
                config.attentionScale(layer),
                scratchFloats);
        for (int h = 0; h < heads; h++) {
            int from = h * scoresStride;
            if (observer != null) {
                float[] shown = Arrays.copyOfRange(s, from, from + position + 1);
                observer.scores(layer, row, firstHead + h, position, shown);
            }
            kernels.softmax(s, from, position + 1);
        }
        kernels.weightedValues(
                state.attended,
                row * state.stride + firstHead * headSize,
                s,
                scoresStride,
                cache.blocks(),
                cache.valueRow(layer, 0) + firstHead * headSize,
                config.embeddingSize(),
                heads,
                headSize,
                position + 1);
    }
}
