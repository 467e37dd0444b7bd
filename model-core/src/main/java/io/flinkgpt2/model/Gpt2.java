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
 * I {@code n_inner}, V {@code vocab_size}. Immutable; threads may share it, each with its own {@link Activations}.
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

    /** What computes. */
    public Kernels kernels() {
        return kernels;
    }

    /** {@link #forward(RaggedBatch, Activations, ForwardObserver)} without an observer. */
    public void forward(RaggedBatch batch, Activations a) {
        forward(batch, a, null);
    }

    /**
     * Runs all rows through the model, appends their keys and values to the caches, and leaves in
     * {@link Activations#logits} a set of logits for each row that wants them, in order. A pass that fails on its way leaves
     * the caches as long as they were, though they may hold blocks for its rows already; it can be made again.
     *
     * @param observer or null
     * @throws IllegalArgumentException if the batch does not fit {@code a}, a token id lies outside of the vocabulary, a
     *     position does not follow on its cache, or exceeds its capacity; nothing has been computed then
     */
    public void forward(RaggedBatch batch, Activations a, ForwardObserver observer) {
        admit(batch, a);
        int rows = batch.size();
        int n = config.embeddingSize();
        embed(batch, a);
        show(observer, ForwardObserver.Stage.EMBEDDING, 0, a.x, rows, n, a.stride);
        for (int layer = 0; layer < config.layerCount(); layer++) {
            Block block = weights.blocks().get(layer);
            // x [R, C] += projection(attention(ln_1(x)))
            normalise(a.normed, a.x, a.stride, rows, block.layerNorm1());
            show(observer, ForwardObserver.Stage.LAYER_NORM_1, layer, a.normed, rows, n, a.stride);
            a.workers.run(linear(a, a.qkv, a.qkvStride, a.normed, a.stride, rows, block.attention()));
            show(observer, ForwardObserver.Stage.QKV, layer, a.qkv, rows, 3 * n, a.qkvStride);
            append(batch, a, layer);
            a.workers.run(a.attention.of(kernels, batch, a, layer, observer));
            a.workers.run(linear(a, a.projected, a.stride, a.attended, a.stride, rows, block.attentionProjection())
                    .addedTo(a.x, a.stride));
            show(observer, ForwardObserver.Stage.ATTENTION_OUTPUT, layer, a.projected, rows, n, a.stride);
            // x [R, C] += projection(activation(feedForward(ln_2(x)) [R, I]))
            normalise(a.normed, a.x, a.stride, rows, block.layerNorm2());
            a.workers.run(linear(a, a.inner, a.innerStride, a.normed, a.stride, rows, block.feedForward())
                    .activated(config.activation()));
            a.workers.run(linear(a, a.projected, a.stride, a.inner, a.innerStride, rows, block.feedForwardProjection())
                    .addedTo(a.x, a.stride));
            show(observer, ForwardObserver.Stage.FEED_FORWARD_OUTPUT, layer, a.projected, rows, n, a.stride);
            show(observer, ForwardObserver.Stage.BLOCK_OUTPUT, layer, a.x, rows, n, a.stride);
        }
        logits(batch, a, observer);
        // Last of all, so that a pass that fails anywhere may be made again.
        for (int r = 0; r < rows; r++) {
            batch.cache(r).setLength(batch.position(r) + 1);
        }
    }

    /** Checks every row before any is computed, so that a refused batch leaves the caches as they were. */
    private void admit(RaggedBatch batch, Activations a) {
        if (batch.size() > a.maxRows || batch.logitCount() > a.maxLogits) {
            throw new IllegalArgumentException("a batch of " + batch.size() + " rows, " + batch.logitCount()
                    + " with logits, does not fit activations for " + a.maxRows + " and " + a.maxLogits);
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
            if (position >= cache.capacity() || position >= a.attention.maxPositions()) {
                throw new IllegalArgumentException("position " + position + " does not fit: the KV cache holds "
                        + cache.capacity() + " positions, the activations " + a.attention.maxPositions());
            }
        }
        for (int r = 0; r < batch.size(); r++) {
            batch.cache(r).ensure(batch.position(r) + 1);
        }
    }

    /** x [R, C] = wte[token] + wpe[position]. */
    private void embed(RaggedBatch batch, Activations a) {
        int n = config.embeddingSize();
        for (int r = 0; r < batch.size(); r++) {
            int to = r * a.stride;
            weights.tokenEmbedding().copyColumn(batch.tokenId(r), a.x, to);
            int from = batch.position(r) * n;
            for (int i = 0; i < n; i++) {
                a.x[to + i] += weights.positionEmbedding()[from + i];
            }
        }
    }

    /** Appends the rows' keys and values to their caches. */
    private static void append(RaggedBatch batch, Activations a, int layer) {
        for (int r = 0; r < batch.size(); r++) {
            batch.cache(r).write(layer, batch.position(r), a.qkv, r * a.qkvStride);
        }
    }

    /** logits [rows that want them, V] = lmHead(ln_f(x)). */
    private void logits(RaggedBatch batch, Activations a, ForwardObserver observer) {
        int count = batch.logitCount();
        for (int i = 0; i < count; i++) {
            System.arraycopy(a.x, batch.logitRow(i) * a.stride, a.x, i * a.stride, a.stride);
        }
        normalise(a.normed, a.x, a.stride, count, weights.finalLayerNorm());
        show(observer, ForwardObserver.Stage.FINAL_LAYER_NORM, 0, a.normed, count, config.embeddingSize(), a.stride);
        a.workers.run(
                a.linear.of(kernels, a.logits, a.logitsStride, a.normed, a.stride, count, weights.lmHead(), null));
    }

    private void normalise(float[] out, float[] x, int stride, int rows, LayerNorm norm) {
        kernels.layerNorm(
                out, x, stride, rows, config.embeddingSize(), norm.weight(), norm.bias(), config.layerNormEpsilon());
    }

    private LinearStep linear(
            Activations a, float[] out, int outStride, float[] x, int xStride, int rows, Linear linear) {
        return a.linear.of(kernels, out, outStride, x, xStride, rows, linear);
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
