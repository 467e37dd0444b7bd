package io.flinkgpt2.model;

import io.flinkgpt2.tensor.Kernels;
import java.util.SplittableRandom;

/**
 * The attention of a decode step alone, over sequences that hold made-up keys and values: for measuring it. It is the code
 * of the forward pass, layer after layer, over caches like those of a batch.
 */
public final class AttentionPass {

    private final Gpt2Config config;
    private final Kernels kernels;
    private final ForwardState state;
    private final RaggedBatch batch;
    private final int position;

    /**
     * @param state whose threads do the work
     * @param caches one for each sequence; each has room for {@code position + 1} positions, and they are overwritten
     * @param position of each sequence's query, 0 or more; it attends to {@code position + 1} keys
     */
    public AttentionPass(Gpt2 model, ForwardState state, KvCache[] caches, int position) {
        this.config = model.config();
        this.kernels = model.kernels();
        this.state = state;
        this.position = position;
        this.batch = new RaggedBatch(caches.length);
        SplittableRandom random = new SplittableRandom(position);
        float[] qkv = state.qkv;
        for (int i = 0; i < qkv.length; i++) {
            qkv[i] = (float) (random.nextDouble() - 0.5);
        }
        for (int row = 0; row < caches.length; row++) {
            KvCache cache = caches[row];
            cache.reset();
            cache.ensure(position + 1);
            for (int layer = 0; layer < config.layerCount(); layer++) {
                for (int p = 0; p <= position; p++) {
                    cache.write(layer, p, qkv, row * state.qkvStride);
                }
            }
            cache.setLength(position);
            batch.add(cache, position, 0, true);
        }
    }

    /** Returns the sequences, each with a row at the position: what {@link Gpt2#forward} takes for the whole step, once. */
    public RaggedBatch batch() {
        return batch;
    }

    /** Computes the attention of all layers and rows; changes no cache. */
    public void run() {
        for (int layer = 0; layer < config.layerCount(); layer++) {
            state.workers.run(state.attention.of(kernels, batch, state, layer, null));
        }
    }

    /** Makes the sequences as long as before the step, so that {@link Gpt2#forward} may be run again. */
    public void rewind() {
        for (int row = 0; row < batch.size(); row++) {
            batch.cache(row).setLength(position);
        }
    }

    /** Returns the number of bytes of keys and values that {@link #run} reads. */
    public long bytesRead() {
        return (long) batch.size() * (position + 1) * config.layerCount() * 2 * config.embeddingSize() * Float.BYTES;
    }
}
