package io.flinkgpt2.model;

import static io.flinkgpt2.tensor.PackedMatrix.padded;

import io.flinkgpt2.tensor.Workers;

/**
 * Scratch of the forward passes of a model, owned by one thread and reused from pass to pass. Rows are padded to whole panels,
 * so that a matrix product may write its last panel whole.
 */
public final class ForwardState {

    final Gpt2 model;
    final int maxRows;
    final int maxLogits;
    /** Floats from row to row of {@link #x}, {@link #normed}, {@link #attended} and {@link #projected}. */
    final int stride;

    final int qkvStride;
    final int innerStride;
    final int logitsStride;

    /** The residual stream, {@code [rows, n_embd]}. */
    final float[] x;
    /** Output of a layer norm, {@code [rows, n_embd]}. */
    final float[] normed;
    /** Queries, keys and values, {@code [rows, 3 n_embd]}. */
    final float[] qkv;
    /** Heads side by side, {@code [rows, n_embd]}. */
    final float[] attended;
    /** Output of a projection, {@code [rows, n_embd]}. */
    final float[] projected;
    /** Inner layer of the feed-forward network, {@code [rows, n_inner]}. */
    final float[] inner;

    /** Rows that want logits, {@code [rows, vocab_size]}; grows to what passes want. */
    float[] logits = {};

    /** Threads that share the steps of a pass. */
    final Workers workers;

    final LinearStep linear;
    final AttentionStep attention;

    /**
     * @param maxRows the most rows of a pass
     * @param maxLogits the most rows of a pass for which logits are wanted
     * @param maxContext the most positions of a sequence
     */
    public ForwardState(Gpt2 model, int maxRows, int maxLogits, int maxContext) {
        this(model, maxRows, maxLogits, maxContext, new Workers(1));
    }

    /** @param workers threads that share the work of a pass; the caller closes them */
    public ForwardState(Gpt2 model, int maxRows, int maxLogits, int maxContext, Workers workers) {
        if (maxRows < 1 || maxLogits < 1 || maxContext < 1) {
            throw new IllegalArgumentException("rows, logits and context: found " + maxRows + ", " + maxLogits + " and "
                    + maxContext + ", expected 1 or more");
        }
        Gpt2Config config = model.config();
        this.model = model;
        this.maxRows = maxRows;
        this.maxLogits = maxLogits;
        stride = padded(config.embeddingSize());
        qkvStride = padded(3 * config.embeddingSize());
        innerStride = padded(config.innerSize());
        logitsStride = padded(config.vocabularySize());
        x = new float[Math.multiplyExact(maxRows, stride)];
        normed = new float[Math.multiplyExact(maxRows, stride)];
        qkv = new float[Math.multiplyExact(maxRows, qkvStride)];
        attended = new float[Math.multiplyExact(maxRows, stride)];
        projected = new float[Math.multiplyExact(maxRows, stride)];
        inner = new float[Math.multiplyExact(maxRows, innerStride)];
        Math.multiplyExact(maxLogits, logitsStride); // refuses what could not be allocated when it is wanted
        this.workers = workers;
        linear = new LinearStep(
                model.kernels(),
                Math.multiplyExact(maxRows, Math.max(config.embeddingSize(), config.innerSize())),
                workers.count());
        attention = new AttentionStep(config, maxContext, workers.count());
    }

    /** Makes room for the logits of so many rows, at most {@code maxLogits}. */
    void ensureLogits(int rows) {
        if (rows * logitsStride > logits.length) {
            int room = (int) Math.min(maxLogits, 2L * Integer.highestOneBit(rows));
            logits = new float[room * logitsStride];
        }
    }

    /**
     * Returns the logits of the last pass; the {@code i}-th set begins at {@link #logitsOffset} and has {@code vocab_size}
     * floats.
     */
    public float[] logits() {
        return logits;
    }

    /** Returns where the {@code i}-th set of logits begins. */
    public int logitsOffset(int i) {
        return i * logitsStride;
    }
}
