package io.flinkgpt2.model;

import static io.flinkgpt2.model.KvCache.BLOCK_POSITIONS;

import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.tensor.KvView;
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
    /** The place of a row's keys and values, for each thread. */
    private final KvView[] views;

    private Kernels kernels;
    private RaggedBatch batch;
    private ForwardState state;
    private int layer;
    private ForwardObserver observer;

    AttentionStep(Gpt2Config config, int maxPositions, int threads) {
        this.config = config;
        this.maxPositions = (int) (((long) maxPositions + BLOCK_POSITIONS - 1) / BLOCK_POSITIONS * BLOCK_POSITIONS);
        // A little more: 4 kB apart, the scores of all heads for a position would share one set of a cache.
        this.scoresStride = this.maxPositions + KvView.KEY_STRIPE;
        this.scores = new float[threads][Math.multiplyExact(config.headCount(), scoresStride)];
        this.views = new KvView[threads];
        for (int i = 0; i < threads; i++) {
            views[i] = new KvView(config.headCount(), config.headSize());
        }
        this.scratch = new float[threads][Kernels.scoresScratch(config.headCount(), config.headSize())];
    }

    /** Returns the most positions of a sequence. */
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
            attend(row, firstHead, endHead - firstHead, part);
            unit += endHead - firstHead;
        }
    }

    /** The attention of a row, for some heads: four passes over the positions up to its own. */
    private void attend(int row, int firstHead, int heads, int part) {
        KvCache cache = batch.cache(row);
        int position = batch.position(row);
        KvView kv = views[part];
        float[] s = scores[part];
        cache.look(kv, layer, position + 1);
        score(s, row, kv, firstHead, heads, scratch[part]);
        show(s, row, position, firstHead, heads);
        normalise(s, position + 1, heads);
        weigh(s, row, kv, firstHead, heads);
    }

    /** s [heads, positions] = scale q k. */
    private void score(float[] s, int row, KvView kv, int firstHead, int heads, float[] scratchFloats) {
        int query = row * state.qkvStride + firstHead * config.headSize();
        float scale = config.attentionScale(layer);
        kernels.attentionScores(s, scoresStride, state.qkv, query, kv, firstHead, heads, scale, scratchFloats);
    }

    /** Shows the scores to an observer. */
    private void show(float[] s, int row, int position, int firstHead, int heads) {
        for (int h = 0; observer != null && h < heads; h++) {
            int from = h * scoresStride;
            observer.scores(layer, row, firstHead + h, position, Arrays.copyOfRange(s, from, from + position + 1));
        }
    }

    /** s [heads, positions] = softmax(s), head by head. */
    private void normalise(float[] s, int positions, int heads) {
        for (int h = 0; h < heads; h++) {
            kernels.softmax(s, h * scoresStride, positions);
        }
    }

    /** attended [heads, headSize] = s v. */
    private void weigh(float[] s, int row, KvView kv, int firstHead, int heads) {
        int to = row * state.stride + firstHead * config.headSize();
        kernels.weightedValues(state.attended, to, s, scoresStride, kv, firstHead, heads);
    }
}
