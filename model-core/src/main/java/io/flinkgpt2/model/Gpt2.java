package io.flinkgpt2.model;

import io.flinkgpt2.model.Gpt2Weights.Block;
import io.flinkgpt2.model.Gpt2Weights.LayerNorm;
import io.flinkgpt2.model.Gpt2Weights.Linear;
import io.flinkgpt2.tensor.Kernels;

/**
 * The forward pass of GPT-2 (Radford et al., 2019): pre-norm blocks of causal self-attention and a feed-forward network,
 * over the rows of a {@link RaggedBatch}.
 *
 * <p>Each row is computed with the same operations in the same order whatever the other rows are, so its results are the
 * same bits alone or batched, in one chunk or many, now or after a restart. Letters in comments: R rows, C {@code n_embd},
 * I {@code n_inner}, V {@code vocab_size}. Immutable; threads may share it, each with its own {@link ForwardState}.
 */
public final class Gpt2 {

    private final Gpt2Config config;
    private final Gpt2Weights weights;
    private final Kernels kernels;

    public Gpt2(Gpt2Config config, Gpt2Weights weights, Kernels kernels) {
        this.config = config;
        this.weights = weights;
        this.kernels = kernels;
    }

    public Gpt2Config config() {
        return config;
    }

    /** Returns the kernels that run this model's operations. */
    public Kernels kernels() {
        return kernels;
    }

    /** {@link #forward(RaggedBatch, ForwardState, ForwardObserver)} without an observer. */
    public void forward(RaggedBatch batch, ForwardState s) {
        forward(batch, s, null);
    }

    /**
     * Runs all rows through the model, appends their keys and values to the caches, and leaves in
     * {@link ForwardState#logits} a set of logits for each row that wants them, in order. A pass that fails on its way leaves
     * the caches as long as they were, though they may hold blocks for its rows already; it can be made again.
     *
     * @param observer or null
     * @throws IllegalArgumentException if {@code s} is of another model or too small for the batch, a token id lies outside of the vocabulary, a
     *     position does not follow on its cache, or exceeds its capacity; nothing has been computed then
     */
    public void forward(RaggedBatch batch, ForwardState s, ForwardObserver observer) {
        prepare(batch, s);
        embed(batch, s, observer);
        for (int layer = 0; layer < config.layerCount(); layer++) {
            attention(batch, s, layer, observer);
            feedForward(batch, s, layer, observer);
        }
        logits(batch, s, observer);
        // Last of all, so that a pass that fails anywhere may be made again.
        for (int r = 0; r < batch.size(); r++) {
            batch.cache(r).setLength(batch.position(r) + 1);
        }
    }

    /** Checks every row before any is computed, so that a refused batch leaves the caches as they were; then makes room. */
    private void prepare(RaggedBatch batch, ForwardState s) {
        if (s.model != this) {
            throw new IllegalArgumentException("the forward state was made for another model");
        }
        if (batch.size() > s.maxRows || batch.logitCount() > s.maxLogits) {
            throw new IllegalArgumentException("a batch of " + batch.size() + " rows, " + batch.logitCount()
                    + " with logits, does not fit a forward state for " + s.maxRows + " and " + s.maxLogits);
        }
        for (int r = 0; r < batch.size(); r++) {
            batch.cache(r).unclaim();
        }
        for (int r = 0; r < batch.size(); r++) {
            KvCache cache = batch.cache(r);
            int position = batch.position(r);
            int tokenId = batch.tokenId(r);
            if (tokenId < 0 || tokenId >= config.vocabularySize()) {
                throw new IllegalArgumentException(
                        "token id: found " + tokenId + ", expected 0.." + (config.vocabularySize() - 1));
            }
            if (!cache.claim(position)) {
                throw new IllegalArgumentException("row " + r + " at position " + position
                        + " does not follow on its sequence, whose cache holds " + cache.length() + " positions");
            }
            if (position >= cache.capacity() || position >= s.attention.maxPositions()) {
                throw new IllegalArgumentException("position " + position + " does not fit: the KV cache holds "
                        + cache.capacity() + " positions, the forward state " + s.attention.maxPositions());
            }
        }
        for (int r = 0; r < batch.size(); r++) {
            batch.cache(r).ensure(batch.position(r) + 1);
        }
        s.ensureLogits(batch.logitCount());
    }

    /** x [R, C] = wte[token] + wpe[position]. */
    private void embed(RaggedBatch batch, ForwardState s, ForwardObserver observer) {
        int n = config.embeddingSize();
        for (int r = 0; r < batch.size(); r++) {
            int to = r * s.stride;
            weights.tokenEmbedding().copyColumn(batch.tokenId(r), s.x, to);
            int from = batch.position(r) * n;
            for (int i = 0; i < n; i++) {
                s.x[to + i] += weights.positionEmbedding()[from + i];
            }
        }
        show(observer, ForwardObserver.Stage.EMBEDDING, 0, s.x, batch.size(), n, s.stride);
    }

    /** x [R, C] += projection(attention(ln_1(x))); appends the rows' keys and values to their caches. */
    private void attention(RaggedBatch batch, ForwardState s, int layer, ForwardObserver observer) {
        Block block = weights.blocks().get(layer);
        int rows = batch.size();
        int n = config.embeddingSize();
        normalise(s.normed, s.x, s.stride, rows, block.layerNorm1());
        show(observer, ForwardObserver.Stage.LAYER_NORM_1, layer, s.normed, rows, n, s.stride);
        s.workers.run(linear(s, s.qkv, s.qkvStride, s.normed, s.stride, rows, block.attention()));
        show(observer, ForwardObserver.Stage.QKV, layer, s.qkv, rows, 3 * n, s.qkvStride);
        for (int r = 0; r < rows; r++) {
            batch.cache(r).write(layer, batch.position(r), s.qkv, r * s.qkvStride);
        }
        s.workers.run(s.attention.of(kernels, batch, s, layer, observer));
        s.workers.run(linear(s, s.projected, s.stride, s.attended, s.stride, rows, block.attentionProjection())
                .addedTo(s.x, s.stride));
        show(observer, ForwardObserver.Stage.ATTENTION_OUTPUT, layer, s.projected, rows, n, s.stride);
    }

    /** x [R, C] += projection(activation(feedForward(ln_2(x)) [R, I])). */
    private void feedForward(RaggedBatch batch, ForwardState s, int layer, ForwardObserver observer) {
        Block block = weights.blocks().get(layer);
        int rows = batch.size();
        int n = config.embeddingSize();
        normalise(s.normed, s.x, s.stride, rows, block.layerNorm2());
        s.workers.run(linear(s, s.inner, s.innerStride, s.normed, s.stride, rows, block.feedForward())
                .activated(config.activation()));
        s.workers.run(linear(s, s.projected, s.stride, s.inner, s.innerStride, rows, block.feedForwardProjection())
                .addedTo(s.x, s.stride));
        show(observer, ForwardObserver.Stage.FEED_FORWARD_OUTPUT, layer, s.projected, rows, n, s.stride);
        show(observer, ForwardObserver.Stage.BLOCK_OUTPUT, layer, s.x, rows, n, s.stride);
    }

    /** logits [rows that want them, V] = lmHead(ln_f(x)). */
    private void logits(RaggedBatch batch, ForwardState s, ForwardObserver observer) {
        int count = batch.logitCount();
        if (count == 0) {
            return;
        }
        for (int i = 0; i < count; i++) {
            System.arraycopy(s.x, batch.logitRow(i) * s.stride, s.x, i * s.stride, s.stride);
        }
        normalise(s.normed, s.x, s.stride, count, weights.finalLayerNorm());
        show(observer, ForwardObserver.Stage.FINAL_LAYER_NORM, 0, s.normed, count, config.embeddingSize(), s.stride);
        s.workers.run(s.linear.of(s.logits, s.logitsStride, s.normed, s.stride, count, weights.lmHead(), null));
    }

    private void normalise(float[] out, float[] x, int stride, int rows, LayerNorm norm) {
        kernels.layerNorm(
                out, x, stride, rows, config.embeddingSize(), norm.weight(), norm.bias(), config.layerNormEpsilon());
    }

    private LinearStep linear(
            ForwardState s, float[] out, int outStride, float[] x, int xStride, int rows, Linear linear) {
        return s.linear.of(out, outStride, x, xStride, rows, linear);
    }

    private static void show(
            ForwardObserver observer,
            ForwardObserver.Stage stage,
            int layer,
            float[] data,
            int rows,
            int columns,
            int stride) {
        if (observer != null) {
            observer.rows(stage, layer, data, rows, columns, stride);
        }
    }
}
